using KdService.Core.Architectures;
using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>
/// Park et al. (2019): smooth L1 between the distances of the batch's pairs, divided by their mean, and between the angles of its
/// triples.
/// </summary>
[Case("rkd", "Relational: smooth L1 between the distances within the batch and between its angles.")]
public sealed record RelationalStructure : FeatureObjective
{
    /// <summary>Weight of the distances.</summary>
    [Field("Weight of the distances.", Min = 0, Max = 1_000_000)]
    public double DistanceWeight { get; init; } = 25;

    /// <summary>Weight of the angles.</summary>
    [Field("Weight of the angles.", Min = 0, Max = 1_000_000)]
    public double AngleWeight { get; init; } = 50;

    /// <inheritdoc />
    protected override IReadOnlyList<FeatureKind> Takes => Enum.GetValues<FeatureKind>();

    /// <inheritdoc />
    protected override IEnumerable<(Tap Student, Tap Teacher)> UsualLayers(IReadOnlyList<Tap> student, IReadOnlyList<Tap> teacher) =>
        [Embeddings(student, teacher)];
}
