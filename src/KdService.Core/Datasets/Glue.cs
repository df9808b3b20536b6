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

    /// <summary>Whether a sentence answers a question.</summary>
    Qnli,

    /// <summary>Whether one sentence follows from another.</summary>
    Rte,

    /// <summary>Whether a sentence with its pronoun replaced follows from the original.</summary>
    Wnli,
}

/// <summary>A task of GLUE (Wang et al. 2018), from its original files; its development set is the test set, since the test labels are not public.</summary>
[Case("glue", "A task of GLUE from its original files; results are on its development set, whose labels are public.")]
public sealed record Glue : TextDataset
{
    /// <summary>The task.</summary>
    [Field("The task: cola, sst2, mrpc, stsb, qqp, mnli (matched development set), qnli, rte or wnli.")]
    public GlueTask Task { get; init; } = GlueTask.Sst2;

    private (string Folder, int Train, int Dev, string[] Labels, ScoreMetric Metric) Facts => Task switch
    {
        GlueTask.Cola => ("CoLA", 8551, 1043, ["unacceptable", "acceptable"], ScoreMetric.Matthews),
        GlueTask.Sst2 => ("SST-2", 67_349, 872, ["negative", "positive"], ScoreMetric.Accuracy),
        GlueTask.Mrpc => ("MRPC", 3668, 408, ["not_equivalent", "equivalent"], ScoreMetric.F1),
        GlueTask.Stsb => ("STS-B", 5749, 1500, [], ScoreMetric.Pearson),
        GlueTask.Qqp => ("QQP", 363_846, 40_430, ["not_duplicate", "duplicate"], ScoreMetric.Accuracy),
        GlueTask.Mnli => ("MNLI", 392_702, 9815, ["contradiction", "neutral", "entailment"], ScoreMetric.Accuracy),
        GlueTask.Qnli => ("QNLI", 104_743, 5463, ["entailment", "not_entailment"], ScoreMetric.Accuracy),
        GlueTask.Rte => ("RTE", 2490, 277, ["entailment", "not_entailment"], ScoreMetric.Accuracy),
        _ => ("WNLI", 635, 71, ["not_entailment", "entailment"], ScoreMetric.Accuracy),
    };

    /// <summary>The task's name on the leaderboard, and the name of its folder.</summary>
    public string Folder => Facts.Folder;

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
    public override IReadOnlyList<DataFile> OwnFiles =>
        [new($"glue/{Folder}/train.tsv", null, null), new($"glue/{Folder}/{(Task == GlueTask.Mnli ? "dev_matched" : "dev")}.tsv", null, null)];

    /// <inheritdoc />
    public override string HowToGet => $"put the folder {Folder} of GLUE's original files into glue/ of the data root, and the vocabulary into vocab/ (https://gluebenchmark.com/tasks)";
}
