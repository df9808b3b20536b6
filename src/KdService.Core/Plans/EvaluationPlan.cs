using KdService.Core.Datasets;
using KdService.Core.Plans.Robustness;
using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>On which samples the best epoch is chosen.</summary>
public enum Protocol
{
    /// <summary>On a part of the training data kept aside; test data is read once, at the end.</summary>
    Holdout,

    /// <summary>On test data, as the official CIFAR scripts of the papers do; results say so.</summary>
    Paper,
}

/// <summary>How networks are evaluated.</summary>
public sealed record EvaluationPlan
{
    /// <summary>On which samples the best epoch is chosen.</summary>
    [Field("holdout chooses the best epoch on training samples kept aside and reads test data once, at the end; paper chooses on test data, as the papers' scripts do.")]
    public Protocol Protocol { get; init; }

    /// <summary>Part of the training samples kept aside under <see cref="Protocol.Holdout"/>.</summary>
    [Field("The part of the training samples that is kept aside under the holdout protocol.", Min = 0.01, Max = 0.5, Evidence = "[read] 45k/5k of He et al.")]
    public double HoldoutFraction { get; init; } = 0.1;

    /// <summary>Evaluate on the selection split after every so many epochs; the last epoch always is.</summary>
    [Field("Evaluate on the selection split after every so many epochs; always after the last.", Min = 1, Max = 1000)]
    public int EveryEpochs { get; init; } = 1;

    /// <summary>Bins of the expected calibration error.</summary>
    [Field("Bins of the expected calibration error.", Min = 2, Max = 1000)]
    public int CalibrationBins { get; init; } = 15;

    /// <summary>Whether the report says how long networks take to answer.</summary>
    [Field("Measure at the end how long each network takes for 1 and for 32 samples: the report's p50, p95 and p99.")]
    public bool Latency { get; init; }

    /// <summary>Attacks on the job's network.</summary>
    [Field("Attacks that the job's network, with the best epoch's weights, has to stand at the end; the report says how accurate it stays.", MaxItems = 16)]
    public IReadOnlyList<Attack> Attacks { get; init; } = [];

    /// <summary>Common corruptions of the test pictures.</summary>
    [Field("Common corruptions of the test pictures, on which the job's network is evaluated at the end; none when left out.")]
    public Corruptions? Corruptions { get; init; }

    /// <summary>Other data on which the job's network is evaluated.</summary>
    [Field("Other data sets on whose test parts the job's network, with the best epoch's weights, is evaluated at the end: texts from elsewhere, examples made to mislead.", MaxItems = 32)]
    public IReadOnlyList<OtherData> AlsoOn { get; init; } = [];

    /// <summary>Whether the job's network answers GLUE's test parts, too.</summary>
    [Field("glue only: have the job's network, with the best epoch's weights, answer the task's test part, whose labels are not public, and keep the answers as an artifact in the form that GLUE's leaderboard takes "
        + "(CoLA.tsv; of MNLI MNLI-m.tsv, MNLI-mm.tsv and AX.tsv). A test file that is missing is left out, which the log says.")]
    public bool Submission { get; init; }

    /// <summary>This without what only the job's own network is asked.</summary>
    public EvaluationPlan OfOthers => this with { Latency = false, Attacks = [], Corruptions = null, AlsoOn = [], Submission = false };

    /// <summary>This with the other development set of a task that has two.</summary>
    public EvaluationPlan With(Dataset dataset) => dataset is Glue { OtherPart: { } part } && AlsoOn.All(other => other.Dataset.Title != part.Title)
        ? this with { AlsoOn = [.. AlsoOn, new OtherData { Dataset = part, Optional = true }] }
        : this;

    /// <summary>Notes what does not fit the data.</summary>
    public void Check(Dataset dataset, string pointer, ProblemList problems)
    {
        foreach (var (index, attack) in Attacks.Index())
        {
            attack.Check(dataset, $"{pointer}/attacks/{index}", problems);
            problems.Require(Attacks.Take(index).All(earlier => earlier.Label != attack.Label), $"{pointer}/attacks/{index}", $"{attack.Label} given twice; each once");
        }
        Corruptions?.Check(dataset, $"{pointer}/corruptions", problems);
        problems.Require(!Submission || dataset is Glue { Submission.Count: > 0 }, $"{pointer}/submission",
            $"given with {dataset.Title}, which has no file on GLUE's leaderboard; the tasks of glue but for ax and the subsets have");
        foreach (var (index, other) in AlsoOn.Index())
        {
            other.Check(dataset, problems.At($"{pointer}/also_on/{index}"));
            problems.Require(AlsoOn.Take(index).All(earlier => earlier.Dataset.Title != other.Dataset.Title), $"{pointer}/also_on/{index}", $"{other.Dataset.Title} given twice; each once");
        }
    }

    /// <summary>Training samples kept aside.</summary>
    public int HoldoutSamples(Dataset dataset) =>
        Protocol == Protocol.Paper ? 0 : Math.Max(1, (int)(dataset.UsedTrainSize * HoldoutFraction));
}
