using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Methods;

/// <summary>How anchors on the teacher's route are chosen.</summary>
public enum AnchorSearch
{
    /// <summary>Equal intervals between epochs of the teacher's training.</summary>
    Equal,

    /// <summary>As the student learns: the furthest checkpoint that is not much harder than the one it follows.</summary>
    Greedy,
}

/// <summary>Jin et al. (2019): the student is supervised by anchors on the route of the teacher's training, one after the other.</summary>
[Method("rco", "Route-constrained optimisation", "Distils from anchors on the teacher's training route, one after the other.",
    Paper = "Jin et al.: Knowledge Distillation via Route Constrained Optimization, ICCV 2019, arXiv 1904.09149",
    Evidence = "[read: KD_Lib] equal intervals, weight 0.5, temperature 20; [recalled, unverified] the greedy search and its threshold; the student's optimiser goes on from anchor to anchor",
    Example = """{"name": "rco", "anchors": 3}""")]
public sealed record Rco : Method
{
    /// <summary>How anchors are chosen.</summary>
    [Field("equal: anchors at equal intervals, each for an equal share of the epochs. greedy: every so many epochs on to the furthest anchor that the student can follow.", Evidence = "[read: KD_Lib] equal intervals")]
    public AnchorSearch Search { get; init; }

    /// <summary>How many anchors.</summary>
    [Field("How many of the teacher's checkpoints are anchors, evenly spaced, the last among them.", Min = 1, Max = 1000, Evidence = "ours; KD_Lib takes every fifth epoch [read]")]
    public int Anchors { get; init; } = 4;

    /// <summary>Epochs between greedy choices.</summary>
    [Field("Epochs between choices, where search is greedy; an equal share of the epochs when left out.", Min = 1, Max = 100_000, Evidence = "ours; KD_Lib goes on to the next anchor every 5 epochs [read]")]
    public int? EveryEpochs { get; init; }

    /// <summary>Threshold of the greedy search.</summary>
    [Field("Go on to the furthest anchor for which the divergence from the present one is at least this part of the divergence from it.", Min = 0, Max = 1, Evidence = "[recalled, unverified] 0.8")]
    public double Threshold { get; init; } = 0.8;

    /// <summary>Weight of the divergence.</summary>
    [Field("Weight of the divergence beside the cross-entropy.", Min = 0, Max = 1000, Evidence = "[read: KD_Lib] 0.5")]
    public double Weight { get; init; } = 0.5;

    /// <summary>Temperature.</summary>
    [Field("Temperature that divides both sets of logits.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "[read: KD_Lib] 20")]
    public double Temperature { get; init; } = 20;

    /// <inheritdoc />
    public override void Validate(JobSpec spec, ProblemList problems)
    {
        problems.Require(Anchors <= spec.Training.Epochs, "/method/anchors", $"{Anchors} given; at most {spec.Training.Epochs}, so that every anchor has an epoch");
        problems.Require(EveryEpochs is null || Search == AnchorSearch.Greedy, "/method/every_epochs", "given with equal intervals; greedy, or leave it out");
    }

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan)
    {
        var kept = plan.TeacherCheckpoints;
        if (!plan.RequireCheckpoints()) return;
        if (!plan.RequireCheckpoints(Anchors, "/method/anchors")) return;
        var anchors = Route.Thin(kept, Anchors);
        var stage = plan.NewStage("route", PlanBuilder.Student, plan.Spec.Training.Epochs);
        plan.Add(stage with
        {
            Losses = [new LossTerm { Objective = new CrossEntropy() }, new LossTerm { Weight = Weight, Objective = new SoftTargets { Alpha = 1, Temperature = Temperature } }],
            Curriculum = Search == AnchorSearch.Equal
                ? PlanBuilder.FromTeacher with { Route = Route.Even(anchors, stage.Epochs) }
                : PlanBuilder.FromTeacher with { Greedy = new GreedyRoute { Anchors = anchors, EveryEpochs = EveryEpochs ?? Math.Max(1, stage.Epochs / Anchors), Threshold = Threshold } },
        });
    }
}
