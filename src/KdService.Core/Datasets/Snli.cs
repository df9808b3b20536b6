using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>SNLI: inference from captions of pictures (Bowman et al. 2015).</summary>
[Case("snli", "Inference from captions of pictures (Bowman et al. 2015).")]
public sealed record Snli : PublishedTexts
{
    private static DataFile Part(string name) => new($"snli_1.0/snli_1.0_{name}.jsonl", null, null) { Otherwise = [$"snli_1.0/snli_1.0_{name}.txt", $"glue/SNLI/{name}.tsv"] };

    /// <inheritdoc />
    public override string Source => "SNLI";

    /// <inheritdoc />
    public override IReadOnlyList<string> LabelNames => Inference;

    /// <inheritdoc />
    public override int TrainSize => 549_367;

    /// <inheritdoc />
    public override int TestSize => 9824;

    /// <inheritdoc />
    public override DataFile TrainFile => Part("train");

    /// <inheritdoc />
    public override DataFile TestFile => Part("test");
}
