using KdService.Core.Architectures;
using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>
/// Chen et al. (2021): the student's stages are fused from the last to the first by learned attention, and every result is compared
/// with the teacher's feature before its ReLU at several sizes. Vectors count as maps of 1x1.
/// </summary>
[Case("reviewkd", "Review: the student's stages, fused from the last to the first, against the teacher's at several sizes.")]
public sealed record KnowledgeReview : FeatureObjective
{
    /// <inheritdoc />
    protected override IEnumerable<(Tap Student, Tap Teacher)> UsualLayers(IReadOnlyList<Tap> student, IReadOnlyList<Tap> teacher) =>
        [.. Stages(student, teacher).Select(pair => (pair.Student, BeforeRelu(pair.Teacher, teacher))), Embeddings(student, teacher)];
}
