using KdService.Core.Plans;
using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>What losses with a temperature make of logits <c>[batch, classes]</c>.</summary>
internal static class Softening
{
    /// <summary>
    /// Single-precision logits divided by the temperature; before that, where asked for, standardised as in Sun et al. (2024, arXiv
    /// 2403.01427): <c>z &lt;- (z - mean) / (1e-7 + std)</c> over the classes, std unbiased.
    /// </summary>
    public static Tensor Soften(this Tensor logits, TemperedObjective options)
    {
        var single = logits.to(float32);
        if (options.Standardise) single = (single - single.mean([1], keepdim: true)) / (1e-7 + single.std([1], unbiased: true, keepdim: true));
        return single / options.Temperature;
    }
}
