using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Methods;

/// <summary>Several teachers: the student is distilled from the mean of what the spec's teacher and further networks say.</summary>
[Method("ensemble_kd", "Ensemble distillation", "Distils from the mean of several teachers' outputs.",
    Paper = "Hinton, Vinyals, Dean: Distilling the Knowledge in a Neural Network, arXiv 1503.02531; You et al.: Learning from Multiple Teacher Networks, KDD 2017",
    Evidence = "ours: the members beside the spec's teacher are trained on the labels within the job, as that teacher is, with seeds of their own",
    Example = """{"name": "ensemble_kd", "members": ["resnet14"]}""")]
public sealed record EnsembleKd : Method
{
    /// <summary>The networks that teach beside the spec's teacher.</summary>
    [Field("Networks that teach beside the spec's teacher, at most 16; each is trained on the labels first.", MaxItems = 16)]
    public required IReadOnlyList<string> Members { get; init; }

    /// <summary>Epochs of each member.</summary>
    [Field("Epochs of each member; training.epochs when left out.", Min = 1, Max = 100_000, Evidence = "ours")]
    public int? MemberEpochs { get; init; }

    /// <summary>What is averaged.</summary>
    [Field("Average the logits, or the probabilities at temperature 1.", Evidence = "ours")]
    public Averaging Averaging { get; init; }

    /// <summary>Weight of the divergence.</summary>
    [Field("Weight of the divergence from the teachers; cross-entropy with the labels has the rest.", Min = 0, Max = 1, Evidence = "ours, as kd")]
    public double Alpha { get; init; } = 0.9;

    /// <summary>Temperature.</summary>
    [Field("Temperature that divides both sets of logits.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "ours, as kd")]
    public double Temperature { get; init; } = 4;

    /// <inheritdoc />
    public override void Validate(JobSpec spec, ProblemList problems)
    {
        problems.Require(Members is { Count: > 0 }, "/method/members", "an empty list given; at least one network, or method kd");
        foreach (var (index, name) in (Members ?? []).Index())
            SpecValidation.RequireNetwork(name, spec.Dataset, $"/method/members/{index}", problems);
    }

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan)
    {
        var members = new List<string>();
        foreach (var (index, architecture) in Members.Index())
        {
            var member = $"member_{index + 1}";
            plan.AddModel(member, ModelRole.Assistant, architecture, plan.Spec.Seed + index + 1);
            plan.Add(member, member, MemberEpochs ?? plan.Spec.Training.Epochs, new CrossEntropy());
            members.Add(member);
        }
        plan.Add("distil", PlanBuilder.Student, plan.Spec.Training.Epochs, new SoftTargets { Alpha = Alpha, Temperature = Temperature },
            PlanBuilder.FromTeacher with { With = members, Averaging = Averaging });
    }
}
