using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>
/// Zhao et al. (2022): the divergence of KD in two parts with weights of their own, <c>alpha * tau^2 * KL(b_T || b_S)</c> with
/// <c>b = [p_t, 1 - p_t]</c>, and <c>beta * tau^2 * KL(p^_T || p^_S)</c> with the softmax over the other classes only.
/// <c>KL(p_T || p_S)</c> has the weights 1 and <c>1 - p_t</c>, the teacher's.
/// </summary>
[Case("dkd", "Decoupled KD: alpha * tau^2 * KL on the true class against the rest, plus beta * tau^2 * KL among the other classes.")]
public sealed record DecoupledTargets : TemperedObjective
{
    /// <summary>Weight of the true class against the rest.</summary>
    [Field("Weight of the divergence between true class and rest.", Min = 0, Max = 1_000_000, Evidence = "[read: mdistiller] 1")]
    public double Alpha { get; init; } = 1;

    /// <summary>Weight of the classes other than the true one.</summary>
    [Field("Weight of the divergence among the other classes.", Min = 0, Max = 1_000_000, Evidence = "[read: mdistiller] 8 for ResNet-32x4 to 8x4; 2 for ResNet-56 to 20 and 110 to 32, 6 for WRN pairs and VGG-13 to 8")]
    public double Beta { get; init; } = 8;

    /// <inheritdoc />
    public override bool FitsSpans => true;
}
