using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>Sanh et al. (2019, arXiv 1910.01108): <c>1 - cos(h_S, h_T)</c>, mean over tokens that are no padding.</summary>
internal sealed class StateDirectionLoss(ObjectiveContext context) : FeatureLoss(context)
{
    /// <inheritdoc />
    protected override Tensor Loss(IReadOnlyList<(Tensor Student, Tensor Teacher)> pairs, TrainingBatch batch)
    {
        var tokens = TokensOf(batch, pairs[0].Student.size(1));
        return Sum(pairs.Select(pair =>
        {
            var cosines = (Unit(pair.Student, 2) * Unit(pair.Teacher, 2)).sum(2); // [batch, length]
            return ((1 - cosines) * tokens).sum() / tokens.sum();
        }));
    }
}
