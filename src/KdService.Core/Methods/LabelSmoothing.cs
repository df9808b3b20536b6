using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>Labels of which a part is spread over all classes: what distillation does without any teacher, the universe level of Tang et al. (2020).</summary>
[Method("label_smoothing", "Label smoothing", "Trains on labels of which a part is spread evenly over all classes; KD from a teacher that knows nothing.",
    Paper = "Szegedy et al.: Rethinking the Inception Architecture for Computer Vision, arXiv 1512.00567",
    Evidence = "textbook: targets (1 - epsilon) y + epsilon / K")]
public sealed record LabelSmoothing : Method
{
    /// <summary>The part that is spread.</summary>
    [Field("The part of the target that is spread evenly over all classes.", Min = 0, Max = 0.999, Evidence = "0.1 is typical")]
    public double Epsilon { get; init; } = 0.1;

    /// <inheritdoc />
    public override bool NeedsTeacher => false;

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan) =>
        plan.Add("labels", PlanBuilder.Student, plan.Spec.Training.Epochs, new CrossEntropy { LabelSmoothing = Epsilon });
}
