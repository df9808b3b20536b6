using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>IMDb: reviews of films (Maas et al. 2011).</summary>
[Case("imdb", "Long reviews of films (Maas et al. 2011), negative or positive.")]
public sealed record Imdb : PublishedTexts
{
    /// <inheritdoc />
    public override string Source => "IMDb";

    /// <inheritdoc />
    public override IReadOnlyList<string> LabelNames => Sentiment;

    /// <inheritdoc />
    public override int TrainSize => 25_000;

    /// <inheritdoc />
    public override int TestSize => 25_000;

    /// <inheritdoc />
    public override DataFile TrainFile => new("imdb/train.csv", null, null) { Otherwise = ["aclImdb/train"] };

    /// <inheritdoc />
    public override DataFile TestFile => new("imdb/test.csv", null, null) { Otherwise = ["aclImdb/test"] };
}
