using KdService.Core.Architectures;
using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>
/// Jiao et al. (2020), TinyBERT: squared difference between attention scores before the softmax, the mean over heads and over pairs of
/// tokens, without padding; summed over layers.
/// </summary>
[Case("attention_scores", "TinyBERT's attention loss: squared difference between attention scores before the softmax, of tokens that are no padding.")]
public sealed record AttentionScores : LayerObjective
{
    /// <inheritdoc />
    protected override IReadOnlyList<FeatureKind> Takes => [FeatureKind.Scores];

    /// <inheritdoc />
    protected override IEnumerable<(Tap Student, Tap Teacher)> UsualLayers(IReadOnlyList<Tap> student, IReadOnlyList<Tap> teacher) =>
        Mapped([.. student.Where(tap => tap.Kind == FeatureKind.Scores)], [.. teacher.Where(tap => tap.Kind == FeatureKind.Scores)]);

    /// <inheritdoc />
    protected override string? Mismatch(Tap student, Tap teacher) => student.Shape[0] == teacher.Shape[0] ? null
        : $"{student.Shape[0]} and {teacher.Shape[0]} heads, of which each is to learn from one: networks of the same width, or no loss on attention";
}
