using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>
/// Jiao et al. (2020, arXiv 1909.10351), equation 7: squared difference between attention scores before the softmax, mean over heads
/// and over pairs of tokens that are no padding.
/// </summary>
internal sealed class AttentionScoreLoss(ObjectiveContext context) : FeatureLoss(context)
{
    /// <inheritdoc />
    protected override Tensor Loss(IReadOnlyList<(Tensor Student, Tensor Teacher)> pairs, TrainingBatch batch)
    {
        var ofTokens = TokensOf(batch, pairs[0].Student.size(2)).sum(1).pow(2).sum(); // pairs of tokens, all texts together
        // Scores of padding are 0 in both.
        return Sum(pairs.Select(pair => (pair.Student - pair.Teacher).pow(2).sum() / (pair.Student.size(1) * ofTokens)));
    }
}
