using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>
/// Pictures drawn by the service itself, so that everything runs with no download: 32x32, 10 classes grouped into
/// superclasses whose members look alike, hard enough that a small network is clearly worse than a large one.
/// </summary>
[Case("procedural", "Pictures drawn by the service: 32x32, 10 classes in superclasses whose members look alike.")]
public sealed record Procedural : PictureDataset
{
    /// <summary>Training samples to draw.</summary>
    [Field("Training samples to draw.", Min = 100, Max = 1_000_000)]
    public int Samples { get; init; } = 4000;

    /// <summary>Test samples to draw.</summary>
    [Field("Test samples to draw.", Min = 100, Max = 1_000_000)]
    public int TestSamples { get; init; } = 1000;

    /// <summary>Strength of the pixel noise, standard deviation with pixels in [0, 1].</summary>
    [Field("Standard deviation of the pixel noise, pixels in [0, 1].", Min = 0, Max = 1)]
    public double Noise { get; init; } = 0.1;

    /// <summary>The seed the pictures are drawn from.</summary>
    [Field("The seed that the pictures are drawn from; independent of the job's seed.", Min = 0, Max = 9007199254740991)]
    public long DrawingSeed { get; init; }

    /// <inheritdoc />
    public override int Classes => 10;

    /// <inheritdoc />
    public override int TrainSize => Samples;

    /// <inheritdoc />
    public override int TestSize => TestSamples;

    /// <inheritdoc />
    public override IReadOnlyList<double> Mean { get; } = [0.42, 0.42, 0.42];

    /// <inheritdoc />
    public override IReadOnlyList<double> Std { get; } = [0.24, 0.24, 0.24];
}
