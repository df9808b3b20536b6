using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>The loss of a stage, as data. <c>z_S</c>, <c>z_T</c>: student's and teacher's logits <c>[batch, classes]</c>.</summary>
[Union("name")]
public abstract record Objective
{
    /// <summary>Whether the loss needs the teacher's logits, and the stage therefore a curriculum.</summary>
    public abstract bool NeedsTeacher { get; }
}

/// <summary>Cross-entropy with the labels, mean over the batch.</summary>
[Case("cross_entropy", "Cross-entropy with the labels, mean over the batch.")]
public sealed record CrossEntropy : Objective
{
    /// <summary>Mass spread evenly over all classes.</summary>
    [Field("Mass of the target that is spread evenly over all classes.", Min = 0, Max = 0.999)]
    public double LabelSmoothing { get; init; }

    /// <inheritdoc />
    public override bool NeedsTeacher => false;
}

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
public sealed record SoftTargets : Objective
{
    /// <summary>Weight of the divergence; the cross-entropy has the rest.</summary>
    [Field("Weight of the divergence; cross-entropy with the labels has the rest.", Min = 0, Max = 1)]
    public double Alpha { get; init; } = 0.9;

    /// <summary>Temperature tau on both sets of logits.</summary>
    [Field("Temperature that divides both sets of logits.", Min = 0, ExclusiveMin = true, Max = 1000)]
    public double Temperature { get; init; } = 4;

    /// <summary>Whether the divergence is multiplied by tau^2.</summary>
    [Field("Multiply the divergence by the square of the temperature, since its gradients scale with the inverse.")]
    public bool TemperatureSquared { get; init; } = true;

    /// <summary>How the divergence is averaged.</summary>
    [Field("batch: sum over classes, mean over the batch. elements: mean over both, K times weaker, as nn.KLDivLoss() does by default.")]
    public KlReduction Reduction { get; init; }

    /// <inheritdoc />
    public override bool NeedsTeacher => true;
}

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
}
