using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>
/// Tang et al. (2020): <c>(1 - alpha) H(y, q) + alpha tau^2 H(rho, q~)</c>, where the targets rho keep a part of what the softened
/// teacher p~ knows. <c>q~</c>: the softened student.
/// </summary>
public abstract record PartialTargets : TemperedObjective
{
    /// <summary>Weight of the targets; the labels have the rest.</summary>
    [Field("Weight of the cross-entropy with the targets; cross-entropy with the labels has the rest.", Min = 0, Max = 1)]
    public double Alpha { get; init; } = 0.9;
}

/// <summary>Targets made of the similarity of classes, which the teacher's last layer has learnt.</summary>
public abstract record SimilarityTargets : PartialTargets
{
    /// <summary>The factor on the cosines.</summary>
    [Field("Factor on the cosines between the rows of the teacher's last layer, before the softmax over classes; the higher, the more the true class has.",
        Min = 0, Max = 1000, Evidence = "ours")]
    public double Sharpness { get; init; } = 5;

    /// <inheritdoc />
    public override void Check(ObjectiveSetting setting, string pointer, ProblemList problems) =>
        problems.Require(setting.Curriculum is { Source: PlanBuilder.Teacher, With.Count: 0 }, pointer,
            "given with other sources than the spec's teacher; the similarity of classes is read from the last layer of that one network");
}
