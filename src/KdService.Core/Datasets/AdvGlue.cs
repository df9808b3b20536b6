using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>The tasks of AdvGLUE.</summary>
public enum AdvGlueTask
{
    /// <summary>Of SST-2.</summary>
    Sst2,

    /// <summary>Of QQP.</summary>
    Qqp,

    /// <summary>Of MNLI's matched part.</summary>
    Mnli,

    /// <summary>Of MNLI's mismatched part.</summary>
    MnliMm,

    /// <summary>Of QNLI.</summary>
    Qnli,

    /// <summary>Of RTE.</summary>
    Rte,
}

/// <summary>AdvGLUE: examples of GLUE changed by attacks on larger networks, and checked by people (Wang et al. 2021).</summary>
[Case("advglue", "Texts of GLUE that attacks on larger networks made (Wang et al. 2021), its development set; evaluated on only.")]
public sealed record AdvGlue : PublishedTexts
{
    /// <summary>The task.</summary>
    [Field("The task of GLUE that the examples are of: sst2, qqp, mnli, mnli_mm, qnli or rte.")]
    public AdvGlueTask Task { get; init; }

    private (string Source, int Examples, string[] Labels) Facts => Task switch
    {
        AdvGlueTask.Sst2 => ("SST-2", 148, Sentiment),
        AdvGlueTask.Qqp => ("QQP", 78, Duplicate),
        AdvGlueTask.Mnli => ("MNLI", 121, Inference),
        AdvGlueTask.MnliMm => ("MNLI-mm", 162, Inference),
        AdvGlueTask.Qnli => ("QNLI", 148, Entailment),
        _ => ("RTE", 81, Entailment),
    };

    /// <inheritdoc />
    public override string Title => $"{Name} {Json.Naming.ConvertName($"{Task}")}";

    /// <inheritdoc />
    public override IEnumerable<Dataset> Variants => Enum.GetValues<AdvGlueTask>().Select(task => this with { Task = task });

    /// <inheritdoc />
    public override string Source => $"AdvGLUE-{Facts.Source}";

    /// <inheritdoc />
    public override IReadOnlyList<string> LabelNames => Facts.Labels;

    /// <inheritdoc />
    public override int TrainSize => 0;

    /// <inheritdoc />
    public override int TestSize => Facts.Examples;

    /// <inheritdoc />
    public override DataFile TestFile => new("ood/advglue/dev.json", null, null);
}
