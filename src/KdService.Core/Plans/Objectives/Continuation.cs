using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>How the weight of the labels goes from 0 to 1.</summary>
public enum PsiSchedule
{
    /// <summary>It rises evenly to 1.</summary>
    Linear,

    /// <summary>It rises evenly to 1/2, and is 1 from then on.</summary>
    LinearToHalf,

    /// <summary>It is 0, and 1 from then on.</summary>
    Step,
}

/// <summary>
/// Jafari et al. (2022), Continuation-KD: <c>psi CE(y, z_S) + (1 - psi) max(0, ||z_S - phi z_T||^2 - m phi)</c>, the hinge per sample,
/// phi the curriculum's factor on the teacher's logits.
/// </summary>
[Case("continuation", "Continuation-KD: psi * cross-entropy + (1 - psi) * max(0, ||z_S - phi z_T||^2 - margin * phi), psi rising from 0 to 1.")]
public sealed record Continuation : Objective
{
    /// <summary>The margin m.</summary>
    [Field("Squared logit distance, times phi, up to which the student may differ from its teacher.", Min = 0, Max = 1_000_000, Evidence = "ours; the paper's value was not found")]
    public double Margin { get; init; } = 1;

    /// <summary>How a sample's squares are averaged.</summary>
    [Field("elements: mean over classes. batch: sum over classes, the squared norm of the equations, K times larger, so that the margin counts K times less.", Evidence = "ours, as the code of Annealing-KD; [read] the equations write the norm")]
    public MseReduction Reduction { get; init; }

    /// <summary>How psi rises.</summary>
    [Field("How the labels' weight psi rises. linear: evenly to 1. linear_to_half: evenly to 1/2, then 1. step: 0, then 1.", Evidence = "[read: Continuation-KD] linear for CIFAR, linear_to_half for language")]
    public PsiSchedule Psi { get; init; }

    /// <summary>The part of the epochs after which psi is 1.</summary>
    [Field("The part of the epochs, rounded to an epoch, after which psi is 1; when left out 0.75 for linear, two thirds for linear_to_half, a half for step.",
        Min = 0, Max = 1, Evidence = "[read: Continuation-KD] 150 of 200 epochs for linear, 20 of 30 for linear_to_half; ours for step")]
    public double? PsiUntil { get; init; }

    /// <inheritdoc />
    public override bool NeedsTeacher => true;

    /// <inheritdoc />
    public override bool FitsValues => true;

    /// <inheritdoc />
    public override bool FitsSpans => true;

    /// <summary>Psi in an epoch, from 0: the paper's counts from 1.</summary>
    public double PsiAt(int epoch, int epochs)
    {
        var (height, until) = Psi switch
        {
            PsiSchedule.Linear => (1.0, 0.75),
            PsiSchedule.LinearToHalf => (0.5, 2.0 / 3),
            _ => (0.0, 0.5),
        };
        var last = Math.Round((PsiUntil ?? until) * epochs);
        return epoch + 1 <= last ? height * (epoch + 1) / last : 1;
    }
}
