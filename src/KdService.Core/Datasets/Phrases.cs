using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>
/// Phrases drawn by the service itself from words of its own, so that methods for text run with no download. Words praise or
/// blame; negators turn the next such word round, intensifiers double it; the label is the sign of the sum. A network has to
/// learn which words do what, and that their order matters.
/// </summary>
[Case("phrases", "Phrases drawn by the service from words of its own, which praise, blame, negate or intensify; the label is the sign of the sum: negative, neutral or positive.")]
public sealed record Phrases : TextDataset
{
    /// <summary>The data set with its defaults.</summary>
    public Phrases() => MaxLength = 32;

    /// <inheritdoc />
    protected override string UsualVocabulary => Vocabularies.Phrases.Name;

    /// <summary>Training samples to draw.</summary>
    [Field("Training samples to draw.", Min = 100, Max = 1_000_000, Evidence = "ours")]
    public int Samples { get; init; } = 2000;

    /// <summary>Test samples to draw.</summary>
    [Field("Test samples to draw.", Min = 100, Max = 1_000_000, Evidence = "ours")]
    public int TestSamples { get; init; } = 500;

    /// <summary>The most words of a phrase.</summary>
    [Field("The most words of a phrase; phrases have from 3 words to so many.", Min = 3, Max = 200, Evidence = "ours")]
    public int Words { get; init; } = 12;

    /// <summary>The seed the phrases are drawn from.</summary>
    [Field("The seed that the phrases are drawn from; independent of the job's seed.", Min = 0, Max = 9007199254740991)]
    public long DrawingSeed { get; init; }

    /// <inheritdoc />
    public override IReadOnlyList<string> LabelNames { get; } = ["negative", "neutral", "positive"];

    /// <inheritdoc />
    public override int TrainSize => Samples;

    /// <inheritdoc />
    public override int TestSize => TestSamples;
}
