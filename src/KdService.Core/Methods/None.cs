using KdService.Core.Plans;

namespace KdService.Core.Methods;

/// <summary>The student alone: cross-entropy with the labels.</summary>
[Method("none", "Student alone", "Trains the student on the labels, without a teacher; also how teachers are trained.")]
public sealed record None : Method
{
    /// <inheritdoc />
    public override bool NeedsTeacher => false;

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan) =>
        plan.Add("labels", PlanBuilder.Student, plan.Spec.Training.Epochs, new CrossEntropy());
}
