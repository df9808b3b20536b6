using KdService.Core.Architectures;
using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>
/// Jiao et al. (2020), TinyBERT: squared difference between the teacher's states and a learned projection of the student's, one for all
/// layers, the mean over tokens, without padding, and width; summed over layers and the embeddings before them.
/// </summary>
[Case("hidden_states", "TinyBERT's hidden and embedding losses: squared difference between every token's states, the student's through a learned projection where it is narrower or wider.")]
public sealed record HiddenStates : LayerObjective
{
    /// <summary>Whether the embeddings are compared.</summary>
    [Field("Compare the embeddings, which the first layer reads, too.", Evidence = "[read: TinyBERT]")]
    public bool WithEmbeddings { get; init; } = true;

    /// <inheritdoc />
    protected override IReadOnlyList<FeatureKind> Takes => [FeatureKind.States];

    /// <inheritdoc />
    protected override IEnumerable<(Tap Student, Tap Teacher)> UsualLayers(IReadOnlyList<Tap> student, IReadOnlyList<Tap> teacher) =>
    [
        .. WithEmbeddings ? [(student[0], teacher[0])] : Array.Empty<(Tap, Tap)>(),
        .. Mapped([.. student.Where(tap => tap.EndsStage)], [.. teacher.Where(tap => tap.EndsStage)]),
    ];

    /// <inheritdoc />
    public override ObjectiveSize SizeOf(IReadOnlyList<(Tap Student, Tap Teacher)> pairs, int trainSamples, int batchSize)
    {
        var (from, to) = (pairs[0].Student.Shape[1], pairs[0].Teacher.Shape[1]);
        return from == to ? default : new(Parameters: (long)from * to + to, Values: 0);
    }
}
