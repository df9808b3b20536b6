using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>How the divergence between softened distributions is averaged.</summary>
public enum KlReduction
{
    /// <summary>Sum over classes, mean over the batch: the Kullback-Leibler divergence.</summary>
    Batch,

    /// <summary>Mean over batch and classes, as <c>nn.KLDivLoss()</c> does by default: K times weaker.</summary>
    Elements,
}

/// <summary>Hinton et al. (2015): <c>alpha * tau^2 * KL(softmax(z_T/tau) || softmax(z_S/tau)) + (1 - alpha) * CE</c>.</summary>
[Case("kd", "Hinton's distillation: alpha * tau^2 * KL(p_T || p_S) at temperature tau, plus (1 - alpha) * cross-entropy.")]
public sealed record SoftTargets : TemperedObjective
{
    /// <summary>Weight of the divergence; the cross-entropy has the rest.</summary>
    [Field("Weight of the divergence; cross-entropy with the labels has the rest.", Min = 0, Max = 1)]
    public double Alpha { get; init; } = 0.9;

    /// <summary>How the divergence is averaged.</summary>
    [Field("batch: sum over classes, mean over the batch. elements: mean over both, K times weaker, as nn.KLDivLoss() does by default.")]
    public KlReduction Reduction { get; init; }

    /// <inheritdoc />
    public override bool FitsValues => true;

    /// <inheritdoc />
    public override bool FitsSpans => true;
}
