using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>The tasks of GLUE.</summary>
public enum GlueTask
{
    /// <summary>Whether a sentence is acceptable English.</summary>
    Cola,

    /// <summary>Whether a sentence speaks well of a film.</summary>
    Sst2,

    /// <summary>Whether two sentences say the same.</summary>
    Mrpc,

    /// <summary>How alike two sentences are, from 0 to 5.</summary>
    Stsb,

    /// <summary>Whether two questions ask the same.</summary>
    Qqp,

    /// <summary>Whether one sentence follows from another, contradicts it, or neither.</summary>
    Mnli,

    /// <summary>The same, with the development set from other sources than the training texts.</summary>
    MnliMm,

    /// <summary>Whether a sentence answers a question.</summary>
    Qnli,

    /// <summary>Whether one sentence follows from another.</summary>
    Rte,

    /// <summary>Whether a sentence with its pronoun replaced follows from the original.</summary>
    Wnli,

    /// <summary>GLUE's diagnostic set: inference that is hard in known ways, to evaluate on.</summary>
    Ax,

    /// <summary>10,000 labelled pairs of MNLI; not the official parts.</summary>
    Mnli10k,

    /// <summary>10,000 labelled pairs of QQP; not the official parts.</summary>
    Qqp10k,

    /// <summary>10,000 labelled pairs of QNLI; not the official parts.</summary>
    Qnli10k,
}

/// <summary>A task of GLUE (Wang et al. 2018), from its original files; its development set is the test set, since the test labels are not public.</summary>
[Case("glue", "A task of GLUE from its original files; results are on its development set, whose labels are public.")]
public sealed record Glue : PublishedTexts
{
    /// <summary>The task.</summary>
    [Field("The task: cola, sst2, mrpc, stsb, qqp, mnli (matched development set; evaluated on the mismatched one too, where its file is there), mnli_mm (the other way round), qnli, rte or wnli; ax is the diagnostic set, which is evaluated on only; mnli10k, qqp10k and qnli10k are 10,000 labelled pairs, of which 1,000 are the test set.")]
    public GlueTask Task { get; init; } = GlueTask.Sst2;

    private (string Source, int Train, int Dev, string[] Labels, ScoreMetric Metric) Facts => Task switch
    {
        GlueTask.Cola => ("CoLA", 8551, 1043, ["unacceptable", "acceptable"], ScoreMetric.Matthews),
        GlueTask.Sst2 => ("SST-2", 67_349, 872, ["negative", "positive"], ScoreMetric.Accuracy),
        GlueTask.Mrpc => ("MRPC", 3668, 408, ["not_equivalent", "equivalent"], ScoreMetric.F1),
        GlueTask.Stsb => ("STS-B", 5749, 1500, [], ScoreMetric.Pearson),
        GlueTask.Qqp => ("QQP", 363_846, 40_430, Duplicate, ScoreMetric.F1),
        GlueTask.Mnli => ("MNLI", 392_702, 9815, Inference, ScoreMetric.Accuracy),
        GlueTask.MnliMm => ("MNLI-mm", 392_702, 9832, Inference, ScoreMetric.Accuracy),
        GlueTask.Ax => ("AX", 0, 1104, Inference, ScoreMetric.Matthews),
        GlueTask.Qnli => ("QNLI", 104_743, 5463, Entailment, ScoreMetric.Accuracy),
        GlueTask.Rte => ("RTE", 2490, 277, Entailment, ScoreMetric.Accuracy),
        GlueTask.Wnli => ("WNLI", 635, 71, ["not_entailment", "entailment"], ScoreMetric.Accuracy),
        GlueTask.Mnli10k => ("MNLI-10k", 8999, 1000, Inference, ScoreMetric.Accuracy),
        GlueTask.Qqp10k => ("QQP-10k", 8999, 1000, Duplicate, ScoreMetric.F1),
        _ => ("QNLI-10k", 8999, 1000, Entailment, ScoreMetric.Accuracy),
    };

    /// <inheritdoc />
    public override string Title => $"{Name} {Json.Naming.ConvertName($"{Task}")}";

    /// <inheritdoc />
    public override IEnumerable<Dataset> Variants => Enum.GetValues<GlueTask>().Select(task => this with { Task = task });

    /// <inheritdoc />
    /// <remarks>10,000 pairs of a task are <c>TASK-10k</c>.</remarks>
    public override string Source => Facts.Source;

    private bool IsSubset => Source.EndsWith("-10k", StringComparison.Ordinal);

    private string Folder => Task switch
    {
        GlueTask.MnliMm => "glue/MNLI",
        GlueTask.Ax => "glue/diagnostic",
        _ when IsSubset => $"glue_subset10k/{Source[..^4]}",
        _ => $"glue/{Source}",
    };

    /// <summary>The other development set of the task; null where it has one alone.</summary>
    public Glue? OtherPart => Task switch
    {
        GlueTask.Mnli => this with { Task = GlueTask.MnliMm, TrainLimit = null },
        GlueTask.MnliMm => this with { Task = GlueTask.Mnli, TrainLimit = null },
        _ => null,
    };

    /// <summary>The sources whose test parts a network of this task answers for the leaderboard, with their examples; none where it has no place there.</summary>
    public IReadOnlyList<(string Source, int Examples)> Submission => Task switch
    {
        GlueTask.Cola => [(Source, 1063)],
        GlueTask.Sst2 => [(Source, 1821)],
        GlueTask.Mrpc => [(Source, 1725)],
        GlueTask.Stsb => [(Source, 1379)],
        GlueTask.Qqp => [(Source, 390_965)],
        GlueTask.Mnli or GlueTask.MnliMm => [("MNLI", 9796), ("MNLI-mm", 9847), ("AX", 1104)],
        GlueTask.Qnli => [(Source, 5463)],
        GlueTask.Rte => [(Source, 3000)],
        GlueTask.Wnli => [(Source, 146)],
        _ => [],
    };

    /// <inheritdoc />
    public override Target Target => Task == GlueTask.Stsb ? Target.Value : Target.Class;

    /// <inheritdoc />
    public override IReadOnlyList<string> LabelNames => Facts.Labels;

    /// <inheritdoc />
    public override int TrainSize => Facts.Train;

    /// <inheritdoc />
    public override int TestSize => Facts.Dev;

    /// <inheritdoc />
    public override ScoreMetric Metric => Facts.Metric;

    /// <inheritdoc />
    public override DataFile? TrainFile => TrainSize > 0 ? new($"{Folder}/train.tsv", null, null) : null;

    /// <inheritdoc />
    public override DataFile TestFile => new($"{Folder}/{Task switch { GlueTask.Mnli => "dev_matched", GlueTask.MnliMm => "dev_mismatched", GlueTask.Ax => "diagnostic-full", _ => "dev" }}.tsv", null, null);

    /// <inheritdoc />
    public override string HowToGet => $"put {string.Join(" and ", OwnFiles.Select(file => file.Path[(Folder.Length + 1)..]))} of the task's original files into {Folder} of the data root, and the vocabulary into vocab/ (https://gluebenchmark.com/tasks)";
}
