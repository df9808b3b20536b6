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
    /// <param name="logits">Logits <c>[batch, classes]</c>.</param>
    /// <param name="options">The temperature.</param>
    /// <param name="counted">Which classes count, <see cref="TrainingBatch.Counted"/>; null where all do.</param>
    public static Tensor Soften(this Tensor logits, TemperedObjective options, Tensor? counted = null)
    {
        var single = logits.to(float32);
        if (options.Standardise) single = counted is null ? Standardised(single) : Standardised(single, counted);
        return single / options.Temperature;
    }

    private static Tensor Standardised(Tensor logits) =>
        (logits - logits.mean([1], keepdim: true)) / (1e-7 + logits.std([1], unbiased: true, keepdim: true));

    private static Tensor Standardised(Tensor logits, Tensor counted)
    {
        var number = counted.sum([1], keepdim: true);
        var centred = logits - (logits * counted).sum([1], keepdim: true) / number;
        return centred / (1e-7 + ((centred * counted).pow(2).sum([1], keepdim: true) / (number - 1)).sqrt());
    }
}
