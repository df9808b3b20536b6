using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>How squared differences of logits are averaged.</summary>
public enum MseReduction
{
    /// <summary>Mean over batch and classes, as <c>F.mse_loss</c>; the official code of Annealing-KD.</summary>
    Elements,

    /// <summary>Sum over classes, mean over the batch: the squared norm of the paper's equations, K times larger.</summary>
    Batch,
}

/// <summary>Squared difference between the student's logits and the teacher's, scaled by the curriculum's factor: <c>|| z_S - Phi z_T ||^2</c>.</summary>
[Case("logit_mse", "Squared difference between the student's logits and the (scaled) teacher's.")]
public sealed record LogitMse : Objective
{
    /// <summary>How the squares are averaged.</summary>
    [Field("elements: mean over batch and classes. batch: sum over classes, mean over the batch, K times larger.")]
    public MseReduction Reduction { get; init; }

    /// <inheritdoc />
    public override bool NeedsTeacher => true;

    /// <inheritdoc />
    public override bool FitsValues => true;

    /// <inheritdoc />
    public override bool FitsSpans => true;
}
