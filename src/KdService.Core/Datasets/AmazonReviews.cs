using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>What was bought.</summary>
public enum AmazonDomain
{
    /// <summary>Books.</summary>
    Books,

    /// <summary>Films.</summary>
    Dvd,

    /// <summary>Electronics.</summary>
    Electronics,

    /// <summary>Kitchen appliances.</summary>
    Kitchen,
}

/// <summary>Reviews of Amazon, sorted by what was bought (Blitzer et al. 2007).</summary>
[Case("amazon", "Reviews of goods of one kind (Blitzer et al. 2007), negative or positive; evaluated on only.")]
public sealed record AmazonReviews : PublishedTexts
{
    /// <summary>What was bought.</summary>
    [Field("What was bought: books, dvd, electronics or kitchen.")]
    public AmazonDomain Domain { get; init; }

    private string DomainName => Json.Naming.ConvertName($"{Domain}");

    /// <inheritdoc />
    public override string Title => $"{Name} {DomainName}";

    /// <inheritdoc />
    public override IEnumerable<Dataset> Variants => Enum.GetValues<AmazonDomain>().Select(domain => this with { Domain = domain });

    /// <inheritdoc />
    public override string Source => $"Amazon-{DomainName}";

    /// <inheritdoc />
    public override IReadOnlyList<string> LabelNames => Sentiment;

    /// <inheritdoc />
    public override int TrainSize => 0;

    /// <inheritdoc />
    public override int TestSize => 2000;

    /// <inheritdoc />
    public override DataFile TestFile => new($"ood/amazon/{DomainName}.test-labeled.tsv", null, null);
}
