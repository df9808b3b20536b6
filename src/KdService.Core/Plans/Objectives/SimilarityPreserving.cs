using KdService.Core.Architectures;
using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>
/// Tung and Mori (2019): <c>||G_T - G_S||_F^2 / batch^2</c>, <c>G = F F^T</c> <c>[batch, batch]</c> of flattened features, each row at
/// unit length.
/// </summary>
[Case("sp", "Similarity preserving: squared difference between the similarities of the batch's samples to each other.")]
public sealed record SimilarityPreserving : FeatureObjective
{
    /// <inheritdoc />
    protected override IReadOnlyList<FeatureKind> Takes => Enum.GetValues<FeatureKind>();

    /// <inheritdoc />
    protected override IEnumerable<(Tap Student, Tap Teacher)> UsualLayers(IReadOnlyList<Tap> student, IReadOnlyList<Tap> teacher) =>
        Stages(student, teacher).TakeLast(1);
}
