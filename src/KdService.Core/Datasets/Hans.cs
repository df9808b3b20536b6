using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>HANS: inference whose examples heuristics about overlapping words get wrong (McCoy et al. 2019).</summary>
[Case("hans", "Inference where the overlap of words misleads (McCoy et al. 2019); evaluated on only.")]
public sealed record Hans : PublishedTexts
{
    /// <inheritdoc />
    public override string Source => "HANS";

    /// <inheritdoc />
    public override IReadOnlyList<string> LabelNames => ["entailment", "non-entailment"];

    /// <inheritdoc />
    public override int TrainSize => 0;

    /// <inheritdoc />
    public override int TestSize => 30_000;

    /// <inheritdoc />
    public override DataFile TestFile => new("ood/hans/heuristics_evaluation_set.txt", null, null);
}
