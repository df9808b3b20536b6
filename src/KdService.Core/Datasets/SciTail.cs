using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>SciTail: inference from science questions (Khot et al. 2018).</summary>
[Case("scitail", "Inference from science questions (Khot et al. 2018), in two classes.")]
public sealed record SciTail : PublishedTexts
{
    /// <inheritdoc />
    public override string Source => "SciTail";

    /// <inheritdoc />
    public override IReadOnlyList<string> LabelNames => ["neutral", "entailment"];

    /// <inheritdoc />
    public override int TrainSize => 23_596;

    /// <inheritdoc />
    public override int TestSize => 2126;

    /// <inheritdoc />
    public override DataFile TrainFile => new("ood/scitail/scitail_1.0_train.tsv", null, null);

    /// <inheritdoc />
    public override DataFile TestFile => new("ood/scitail/scitail_1.0_test.tsv", null, null);
}
