using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>CR: sentences of customers about electronics (Hu and Liu 2004).</summary>
[Case("cr", "Sentences of customers about electronics (Hu and Liu 2004), negative or positive.")]
public sealed record CustomerReviews : PublishedTexts
{
    /// <inheritdoc />
    public override string Source => "CR";

    /// <inheritdoc />
    public override IReadOnlyList<string> LabelNames => Sentiment;

    /// <inheritdoc />
    public override int TrainSize => 3016;

    /// <inheritdoc />
    public override int TestSize => 755;

    /// <inheritdoc />
    public override DataFile TrainFile => new("ood/CR/train.tsv", null, null);

    /// <inheritdoc />
    public override DataFile TestFile => new("ood/CR/dev.tsv", null, null);
}
