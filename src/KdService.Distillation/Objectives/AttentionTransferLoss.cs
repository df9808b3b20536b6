using KdService.Core.Plans;
using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>
/// Zagoruyko and Komodakis (2017, arXiv 1612.03928), as mdistiller has it: mean over batch and pixels of
/// <c>(A(F_S) - A(F_T))^2</c>, <c>A(F)</c> the vector of <c>mean_c F^p</c> at unit length.
/// </summary>
internal sealed class AttentionTransferLoss(AttentionTransfer options, ObjectiveContext context) : FeatureLoss(context)
{
    /// <inheritdoc />
    protected override Tensor Loss(IReadOnlyList<(Tensor Student, Tensor Teacher)> pairs, TrainingBatch batch) => Sum(pairs.Select(pair =>
    {
        var side = Math.Min(pair.Student.size(2), pair.Teacher.size(2));
        return (Attention(pair.Student, side) - Attention(pair.Teacher, side)).pow(2).mean();
    }));

    // [batch, side * side] of maps [batch, channels, height, width].
    private Tensor Attention(Tensor maps, long side)
    {
        if (maps.size(2) != side) maps = nn.functional.adaptive_avg_pool2d(maps, [side, side]);
        return Unit(maps.pow(options.Power).mean([1]).flatten(1), 1);
    }
}
