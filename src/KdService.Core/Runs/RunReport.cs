using KdService.Core.Datasets;
using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Runs;

/// <summary>What came of a run: honest numbers for last and best epoch, and what they cost.</summary>
public sealed record RunReport
{
    /// <summary>On which samples the best epoch was chosen.</summary>
    public required Protocol Protocol { get; init; }

    /// <summary>The networks that the run trained or was taught by, the job's own last.</summary>
    public required IReadOnlyList<ModelReport> Models { get; init; }

    /// <summary>How the teacher's logits were obtained, a line per stage that has a teacher.</summary>
    public required IReadOnlyList<SignalReport> TeacherSignals { get; init; }

    /// <summary>What the run was on.</summary>
    public required TrainerEnvironment Environment { get; init; }

    /// <summary>The type that networks multiplied in: what was asked for where the device is made for it, else float.</summary>
    public Precision Precision { get; init; }

    /// <summary>Optimiser steps.</summary>
    public required long Steps { get; init; }

    /// <summary>Seconds of the trainer, all attempts of the job together as far as checkpoints know.</summary>
    public required double Seconds { get; init; }

    /// <summary>Peak resident memory of the last attempt's process, in bytes.</summary>
    public required long PeakMemoryBytes { get; init; }
}

/// <summary>One network's results.</summary>
public sealed record ModelReport
{
    /// <summary>Its id in the plan.</summary>
    public required string Id { get; init; }

    /// <summary>Its part.</summary>
    public required ModelRole Role { get; init; }

    /// <summary>Its network.</summary>
    public required string Architecture { get; init; }

    /// <summary>Trainable parameters.</summary>
    public required long Parameters { get; init; }

    /// <summary>The epoch of its last stage that was best on the selection split, from 1; null for one that arrived trained.</summary>
    public int? BestEpoch { get; init; }

    /// <summary>Test results of the last epoch's weights; null for one that arrived trained.</summary>
    public EvaluationResult? Last { get; init; }

    /// <summary>Test results of the best epoch's weights, or of the weights it arrived with.</summary>
    public required EvaluationResult Best { get; init; }

    /// <summary>Results on the selection split of the best epoch; null under the paper protocol, where that is the test set.</summary>
    public EvaluationResult? BestOnSelection { get; init; }

    /// <summary>How long it takes to answer; empty unless <see cref="EvaluationPlan.Latency"/> asked for it.</summary>
    public IReadOnlyList<LatencyReport> Latency { get; init; } = [];

    /// <summary>How it stands what it was not trained on, with the best epoch's weights; null unless the evaluation asked for it.</summary>
    public RobustnessReport? Robustness { get; init; }
}

/// <summary>How long a network takes for one batch on the run's device and threads, in milliseconds.</summary>
/// <param name="Batch">Samples at once.</param>
/// <param name="Runs">Timed calls, after others to warm up.</param>
/// <param name="P50">Half of the calls took at most so long.</param>
/// <param name="P95">95 % of the calls took at most so long.</param>
/// <param name="P99">99 % of the calls took at most so long.</param>
public sealed record LatencyReport(int Batch, int Runs, double P50, double P95, double P99);

/// <summary>Classes that the job's network predicted for the test samples, in the set's order: the artifact <see cref="FileName"/>.</summary>
public sealed record Predictions
{
    /// <summary>The artifact's name.</summary>
    public const string FileName = "predictions.json";

    /// <summary>The artifact that stands in its place where answers to questions are asked for: the best epoch's, as SQuAD's official evaluation takes them.</summary>
    public const string AnswersName = "answers.json";

    /// <summary>The artifact beside <see cref="AnswersName"/>: for each question the best answers with their logits and probabilities.</summary>
    public const string CandidatesName = "nbest_predictions.json";

    /// <summary>The artifact beside <see cref="AnswersName"/> in SQuAD 2.0: how much more the network believes in no answer than in its best one.</summary>
    public const string NullOddsName = "null_odds.json";

    /// <summary>True classes <c>[samples]</c>.</summary>
    public required IReadOnlyList<int> Labels { get; init; }

    /// <summary>Predicted by the best epoch's weights <c>[samples]</c>.</summary>
    public required IReadOnlyList<int> Best { get; init; }

    /// <summary>Predicted by the last epoch's weights <c>[samples]</c>.</summary>
    public required IReadOnlyList<int> Last { get; init; }
}

/// <summary>Values that the job's network predicted for the test samples, in the set's order: the artifact <see cref="FileName"/>, in the place of <see cref="Predictions"/> where values are asked for.</summary>
public sealed record PredictedValues
{
    /// <summary>The artifact's name.</summary>
    public const string FileName = "predicted_values.json";

    /// <summary>True values <c>[samples]</c>.</summary>
    public required IReadOnlyList<float> Values { get; init; }

    /// <summary>Predicted by the best epoch's weights <c>[samples]</c>.</summary>
    public required IReadOnlyList<float> Best { get; init; }

    /// <summary>Predicted by the last epoch's weights <c>[samples]</c>.</summary>
    public required IReadOnlyList<float> Last { get; init; }
}

/// <summary>Results of one set of weights on one set of samples.</summary>
public sealed record EvaluationResult
{
    /// <summary>Samples.</summary>
    public required int Samples { get; init; }

    /// <summary>What the network is judged by.</summary>
    public ScoreMetric Metric { get; init; }

    /// <summary>Top-1 accuracy, in [0, 1]; null where no class is predicted.</summary>
    public double? Accuracy { get; init; }

    /// <summary>Mean negative log likelihood of the true class, in nats; null where no class is predicted.</summary>
    public double? Nll { get; init; }

    /// <summary>Expected calibration error, in [0, 1]; null where no class is predicted.</summary>
    public double? Ece { get; init; }

    /// <summary>The task's other metrics by name (<c>f1</c>, <c>matthews</c>, <c>pearson</c>, <c>spearman</c>, <c>combined</c> as GLUE does, ...), in [-1, 1], and thresholds at which some are best; null without any.</summary>
    public IReadOnlyDictionary<string, double>? Metrics { get; init; }

    /// <summary>The metric that the network is judged by.</summary>
    public double Score => Metric == ScoreMetric.Accuracy && Accuracy is { } accuracy ? accuracy : Metrics![NameOf(Metric)];

    /// <summary>All that is worth a curve over the epochs, by name.</summary>
    public IEnumerable<KeyValuePair<string, double>> Series =>
        ((IEnumerable<(string Name, double? Value)>)[("accuracy", Accuracy), ("nll", Nll), ("agreement", Agreement), .. Metrics?.Select(metric => (metric.Key, (double?)metric.Value)) ?? []])
            .Where(series => series.Value is not null).Select(series => KeyValuePair.Create(series.Name, series.Value!.Value));

    /// <summary>A metric's name among <see cref="Metrics"/>.</summary>
    public static string NameOf(ScoreMetric metric) => Json.Naming.ConvertName(metric.ToString());

    /// <summary>What the title of a column of scores ends in: <c> matthews</c>, <c> accuracy/f1</c>; nothing where all are accuracies.</summary>
    public static string Judged(IEnumerable<ScoreMetric> metrics) => NamesOf(metrics) is var names and not ("" or "accuracy") ? $" {names}" : "";

    /// <summary>The names of distinct metrics, e.g. <c>accuracy/f1</c>.</summary>
    public static string NamesOf(IEnumerable<ScoreMetric> metrics) => string.Join('/', metrics.Distinct().Select(NameOf));

    /// <summary>Part of the samples on which the student's and the teacher's top class agree; null without a teacher, or where no class is predicted.</summary>
    public double? Agreement { get; init; }

    /// <summary>Mean KL(teacher || student) at temperature 1, in nats; null without a teacher.</summary>
    public double? TeacherKl { get; init; }
}

/// <summary>How a stage's teacher signal was obtained and what keeping it saved.</summary>
public sealed record SignalReport
{
    /// <summary>The stage.</summary>
    public required string Stage { get; init; }

    /// <summary>Live or cached.</summary>
    public required TeacherSignal Signal { get; init; }

    /// <summary>Views per sample whose logits were kept; null when live.</summary>
    public int? Views { get; init; }

    /// <summary>Teacher passes over the training samples that were made.</summary>
    public required double PassesMade { get; init; }

    /// <summary>Passes that a live teacher would have made.</summary>
    public required double PassesLive { get; init; }

    /// <summary>Seconds spent in the teacher.</summary>
    public required double Seconds { get; init; }

    /// <summary>Seconds that keeping the logits saved, at the measured pace of the teacher; 0 when live.</summary>
    public required double SecondsSaved { get; init; }
}
