namespace KdService.Core.Datasets;

/// <summary>A published data set of texts, read from its original files.</summary>
public abstract record PublishedTexts : TextDataset
{
    private protected static readonly string[] Inference = ["contradiction", "neutral", "entailment"];
    private protected static readonly string[] Duplicate = ["not_duplicate", "duplicate"];
    private protected static readonly string[] Entailment = ["entailment", "not_entailment"];
    private protected static readonly string[] Sentiment = ["negative", "positive"];

    /// <summary>The name that its reader knows it by.</summary>
    public abstract string Source { get; }

    /// <inheritdoc />
    public override string HowToGet => $"put {string.Join(" and ", OwnFiles.Select(file => file.Path))} into the data root, as published, and the vocabulary into vocab/";
}
