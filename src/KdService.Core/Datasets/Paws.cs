using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>Where the pairs of PAWS are from.</summary>
public enum PawsPart
{
    /// <summary>Questions of Quora, those of QQP.</summary>
    Qqp,

    /// <summary>Sentences of Wikipedia.</summary>
    Wiki,
}

/// <summary>PAWS: paraphrases and other pairs that share their words (Zhang et al. 2019).</summary>
[Case("paws", "Paraphrases that share their words (Zhang et al. 2019); its part qqp is evaluated on only.")]
public sealed record Paws : PublishedTexts
{
    /// <summary>Where the pairs are from.</summary>
    [Field("Where the pairs are from: qqp (its development and test part, which is all that is evaluated on) or wiki.")]
    public PawsPart Part { get; init; }

    /// <inheritdoc />
    public override string Title => $"{Name} {Json.Naming.ConvertName($"{Part}")}";

    /// <inheritdoc />
    public override IEnumerable<Dataset> Variants => Enum.GetValues<PawsPart>().Select(part => this with { Part = part });

    /// <inheritdoc />
    public override string Source => Part == PawsPart.Wiki ? "PAWS-Wiki" : "PAWS-QQP";

    /// <inheritdoc />
    public override IReadOnlyList<string> LabelNames => Duplicate;

    /// <inheritdoc />
    public override int TrainSize => Part == PawsPart.Wiki ? 49_401 : 0;

    /// <inheritdoc />
    public override int TestSize => Part == PawsPart.Wiki ? 8000 : 677;

    /// <inheritdoc />
    public override DataFile? TrainFile => Part == PawsPart.Wiki ? new("ood/paws_wiki/train.tsv", null, null) : null;

    /// <inheritdoc />
    public override DataFile TestFile => new(Part == PawsPart.Wiki ? "ood/paws_wiki/test.tsv" : "ood/paws_qqp/dev_and_test.tsv", null, null);
}
