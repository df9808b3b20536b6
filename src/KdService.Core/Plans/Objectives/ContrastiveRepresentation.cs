using KdService.Core.Architectures;
using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>
/// Tian et al. (2020): the student's embedding of a sample is to be told from other classes' samples by the teacher's, and the other
/// way round, with embeddings of the whole training set remembered from earlier batches.
/// </summary>
[Case("crd", "Contrastive: a sample's embedding in one network is told from those of other classes by its embedding in the other.")]
public sealed record ContrastiveRepresentation : FeatureObjective
{
    /// <summary>Length of the embeddings.</summary>
    [Field("Length of the learned embeddings.", Min = 1, Max = 4096)]
    public int Dimensions { get; init; } = 128;

    /// <summary>Negatives per sample.</summary>
    [Field("Samples of other classes that each sample is told from; where there are fewer, all of them.", Min = 1, Max = 1_000_000)]
    public int Negatives { get; init; } = 16384;

    /// <summary>Temperature of the similarities.</summary>
    [Field("Temperature that divides the similarities.", Min = 0.001, Max = 1000)]
    public double Temperature { get; init; } = 0.07;

    /// <summary>Share of the old embedding in what is remembered.</summary>
    [Field("Share that a remembered embedding keeps when its sample is seen again.", Min = 0, Max = 0.999)]
    public double Momentum { get; init; } = 0.5;

    /// <inheritdoc />
    public override bool FitsValues => false;

    /// <inheritdoc />
    public override bool FitsSpans => false;

    /// <inheritdoc />
    /// <remarks>
    /// Two linear embeddings; two banks of every sample's, with the copies that a step's way back needs; and for each sample of a batch
    /// and each of the set the lots of drawing negatives and the two networks' scores with their gradients.
    /// </remarks>
    public override ObjectiveSize SizeOf(IReadOnlyList<(Tap Student, Tap Teacher)> pairs, int trainSamples, int batchSize) => new(
        Parameters: pairs.Sum(pair => Dimensions * (pair.Student.Values + pair.Teacher.Values + 2)),
        Values: pairs.Count * (4L * trainSamples * Dimensions + 5L * batchSize * trainSamples));

    /// <inheritdoc />
    protected override IEnumerable<(Tap Student, Tap Teacher)> UsualLayers(IReadOnlyList<Tap> student, IReadOnlyList<Tap> teacher) =>
        [Embeddings(student, teacher)];
}
