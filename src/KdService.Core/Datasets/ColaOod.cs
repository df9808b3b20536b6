using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>Sentences of textbooks that CoLA does not train on (Warstadt et al. 2019).</summary>
[Case("cola_ood", "The out-of-domain part of CoLA (Warstadt et al. 2019); evaluated on only.")]
public sealed record ColaOod : PublishedTexts
{
    /// <inheritdoc />
    public override string Source => "CoLA-OOD";

    /// <inheritdoc />
    public override IReadOnlyList<string> LabelNames => ["unacceptable", "acceptable"];

    /// <inheritdoc />
    public override int TrainSize => 0;

    /// <inheritdoc />
    public override int TestSize => 516;

    /// <inheritdoc />
    public override ScoreMetric Metric => ScoreMetric.Matthews;

    /// <inheritdoc />
    public override DataFile TestFile => new("ood/cola_ood/dev.tsv", null, null);
}
