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
    private const int WidestMiddle = 512;

    /// <summary>Channels of what is fused.</summary>
    /// <param name="last">The student's last feature.</param>
    public static int MiddleChannels(Tap last) => Math.Min(WidestMiddle, last.Shape[0]);

    /// <inheritdoc />
    /// <remarks>Two convolutions without bias and their norms for each level; attention for all but the last.</remarks>
    public override ObjectiveSize SizeOf(IReadOnlyList<(Tap Student, Tap Teacher)> pairs, int trainSamples, int batchSize)
    {
        long middle = MiddleChannels(pairs[^1].Student);
        var levels = pairs.Sum(pair => middle * pair.Student.Shape[0] + 2 * middle + 9 * middle * pair.Teacher.Shape[0] + 2 * pair.Teacher.Shape[0]);
        return new(Parameters: levels + (pairs.Count - 1) * (4 * middle + 2), Values: 0);
    }

    /// <inheritdoc />
    protected override IEnumerable<(Tap Student, Tap Teacher)> UsualLayers(IReadOnlyList<Tap> student, IReadOnlyList<Tap> teacher) =>
        [.. Stages(student, teacher).Select(pair => (pair.Student, BeforeRelu(pair.Teacher, teacher))), Embeddings(student, teacher)];
}
