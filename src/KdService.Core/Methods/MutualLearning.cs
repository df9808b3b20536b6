using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Methods;

/// <summary>
/// Zhang et al. (2018): untrained networks learn together; each minimises cross-entropy plus the mean divergence from the others,
/// whose gradient is that of the divergence from their mean output.
/// </summary>
[Method("dml", "Deep mutual learning", "Trains untrained networks together, each also learning from the others; no teacher.",
    Paper = "Zhang, Xiang, Hospedales, Lu: Deep Mutual Learning, CVPR 2018, arXiv 1706.00384",
    Evidence = "[recalled, unverified] the loss CE + KL at temperature 1; all networks step on the same batch at once, where the paper updates them in turn",
    Example = """{"name": "dml", "peers": ["resnet8"]}""")]
public sealed record MutualLearning : Method
{
    /// <summary>The networks that learn beside the student.</summary>
    [Field("Networks that learn beside the student, at most 8; their initial weights come from the seeds after the student's.", MaxItems = 8)]
    public required IReadOnlyList<string> Peers { get; init; }

    /// <summary>Weight of the divergence.</summary>
    [Field("Weight of the divergence from the others beside the cross-entropy.", Min = 0, Max = 1000, Evidence = "[recalled, unverified] 1")]
    public double Weight { get; init; } = 1;

    /// <summary>Temperature.</summary>
    [Field("Temperature that divides both sets of logits.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "[recalled, unverified] 1")]
    public double Temperature { get; init; } = 1;

    /// <inheritdoc />
    public override bool NeedsTeacher => false;

    /// <inheritdoc />
    public override void Validate(JobSpec spec, ProblemList problems)
    {
        problems.Require(Peers is { Count: > 0 }, "/method/peers", "an empty list given; at least one network, or method none");
        foreach (var (index, name) in (Peers ?? []).Index())
            SpecValidation.RequireNetwork(name, spec.Dataset, $"/method/peers/{index}", problems);
    }

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan)
    {
        List<string> all = [PlanBuilder.Student];
        foreach (var (index, architecture) in Peers.Index())
        {
            all.Add($"peer_{index + 1}");
            plan.AddModel(all[^1], ModelRole.Assistant, architecture, plan.Spec.Seed + index + 1);
        }
        IReadOnlyList<LossTerm> losses = [new LossTerm { Objective = new CrossEntropy() }, new LossTerm { Weight = Weight, Objective = new SoftTargets { Alpha = 1, Temperature = Temperature } }];
        Curriculum OthersOf(string network)
        {
            var others = all.Where(other => other != network).ToList();
            return new Curriculum { Source = others[0], With = others[1..], Averaging = Averaging.Probabilities };
        }
        plan.Add(plan.NewStage("together", PlanBuilder.Student, plan.Spec.Training.Epochs) with
        {
            Losses = losses,
            Curriculum = OthersOf(PlanBuilder.Student),
            Peers = [.. all.Skip(1).Select(peer => new Peer { Trains = peer, Losses = losses, Curriculum = OthersOf(peer) })],
        });
    }
}
