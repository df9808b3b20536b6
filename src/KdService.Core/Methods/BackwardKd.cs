using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>
/// Jafari et al. (2023): distillation on the training samples and on auxiliary ones, which the gradient of the teacher-student
/// divergence with respect to the input moves to where the two disagree most.
/// </summary>
[Method("backward_kd", "Backward-pass KD", "Distils on samples moved by gradient ascent to where teacher and student disagree most, beside the real ones.",
    Paper = "Jafari, Rezagholizadeh, Ghodsi: Improved knowledge distillation by utilizing backward pass knowledge in neural networks, arXiv 2301.12006",
    Evidence = "[read: abstract] samples perturbed along the gradient of the difference; [recalled, unverified] the min-max form with squared logit distances; all constants are ours, as no code was found; for texts [recalled, unverified] ascent in the student's embedding space, with a least-squares map to the teacher's; special tokens stay as they are")]
public sealed record BackwardKd : Method
{
    /// <summary>Weight of the divergence on real samples.</summary>
    [Field("Weight of the divergence from the teacher on real samples; cross-entropy with the labels has the rest.", Min = 0, Max = 1, Evidence = "ours, as kd")]
    public double Alpha { get; init; } = 0.9;

    /// <summary>Temperature on real samples.</summary>
    [Field("Temperature that divides both sets of logits of real samples.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "ours, as kd")]
    public double Temperature { get; init; } = 4;

    /// <summary>How auxiliary samples are made.</summary>
    [Field("How auxiliary samples are made and weighed.")]
    public BackwardPass Samples { get; init; } = new();

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan) => plan.Add(plan.NewStage("distil", PlanBuilder.Student, plan.Spec.Training.Epochs) with
    {
        Losses = [new LossTerm { Objective = new SoftTargets { Alpha = Alpha, Temperature = Temperature } }],
        Curriculum = PlanBuilder.FromTeacher,
        Augmenter = Samples,
    });
}
