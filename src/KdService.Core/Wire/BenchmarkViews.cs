using System.Text.Json;
using KdService.Core.Benchmarks;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Specs;

namespace KdService.Core.Wire;

/// <summary>Where a benchmark is in its life.</summary>
public enum BenchmarkState
{
    /// <summary>Some of its jobs have not ended, or are still to be submitted.</summary>
    Running,

    /// <summary>No more jobs are submitted; some of those that were are still ending.</summary>
    Cancelling,

    /// <summary>All of its jobs have ended, well or not.</summary>
    Finished,

    /// <summary>Ended on request.</summary>
    Cancelled,
}

/// <summary>A benchmark as the API shows it: its table, filling up while it runs.</summary>
public sealed record BenchmarkView
{
    /// <summary>The benchmark's id; sorts by the time of submission.</summary>
    public required string Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required BenchmarkState Status { get; init; }

    /// <summary>Its labels.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>The label of what the rows are compared with.</summary>
    public required string Baseline { get; init; }

    /// <summary>The most jobs that are under way at once; null without a limit.</summary>
    public int? MaxRunning { get; init; }

    /// <summary>When it was submitted.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the last of its jobs ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Its jobs by state, teachers not counted; <c>planned</c> are those still to be submitted.</summary>
    public required IReadOnlyDictionary<string, int> Jobs { get; init; }

    /// <summary>On which samples best epochs were chosen; null before the first result, or where jobs differ.</summary>
    public Protocol? Protocol { get; init; }

    /// <summary>The table, in the order of the matrix; only in the view of a single benchmark.</summary>
    public IReadOnlyList<BenchmarkRowView>? Rows { get; init; }

    /// <summary>The distinct teachers; only in the view of a single benchmark.</summary>
    public IReadOnlyList<BenchmarkTeacherView>? Teachers { get; init; }

    /// <summary>Every job; only in the view of a single benchmark.</summary>
    public IReadOnlyList<BenchmarkCellView>? Cells { get; init; }

    /// <summary>What was asked for; only in the view of a single benchmark.</summary>
    public BenchmarkSpec? Spec { get; init; }

    /// <summary>What the titles of its columns of scores end in, as <see cref="EvaluationResult.Judged"/>.</summary>
    public string Judged => EvaluationResult.Judged([.. Metrics(Rows?.Select(row => row.Metric)), .. Metrics(Teachers?.Select(teacher => teacher.Metric))]);

    private static IEnumerable<ScoreMetric> Metrics(IEnumerable<ScoreMetric?>? known) => known?.OfType<ScoreMetric>() ?? [];
}

/// <summary>A line of a benchmark's table: means over the seeds whose jobs have succeeded. Scores and the rest are those on test data.</summary>
public sealed record BenchmarkRowView
{
    /// <summary>Unique in the benchmark.</summary>
    public required string Label { get; init; }

    /// <summary>The method's label.</summary>
    public required string Method { get; init; }

    /// <summary>The student's network.</summary>
    public required string Student { get; init; }

    /// <summary>The values of the fields that the matrix varies, by their pointers.</summary>
    public required IReadOnlyDictionary<string, JsonElement> Options { get; init; }

    /// <summary>Its jobs by state; <c>planned</c> are those still to be submitted.</summary>
    public required IReadOnlyDictionary<string, int> Jobs { get; init; }

    /// <summary>What its networks are judged by: the metric of <see cref="Last"/> and <see cref="Best"/>; null before the first result.</summary>
    public ScoreMetric? Metric { get; init; }

    /// <summary>Score of the last epoch's weights: accuracy in [0, 1], or the <see cref="Metric"/> that is in its place.</summary>
    public Spread? Last { get; init; }

    /// <summary>Score of the best epoch's weights.</summary>
    public Spread? Best { get; init; }

    /// <summary>Agreement of the best epoch's weights with the teacher, in [0, 1]; null without one.</summary>
    public Spread? Agreement { get; init; }

    /// <summary>Negative log likelihood of the best epoch's weights, in nats.</summary>
    public Spread? Nll { get; init; }

    /// <summary>Expected calibration error of the best epoch's weights, in [0, 1].</summary>
    public Spread? Ece { get; init; }

    /// <summary>How the best epoch's weights stand attacks, corruptions and other data, in the order of the evaluation; empty where it asks for none.</summary>
    public IReadOnlyList<BenchmarkRobustness> Robustness { get; init; } = [];

    /// <summary>Seconds from the first attempt's start to the end.</summary>
    public Spread? WallSeconds { get; init; }

    /// <summary>Seconds of the trainer on its device.</summary>
    public Spread? TrainerSeconds { get; init; }

    /// <summary>Trainable parameters of the student.</summary>
    public required long Parameters { get; init; }

    /// <summary>Multiply-accumulate operations of one forward pass of one sample.</summary>
    public required long MultiplyAdds { get; init; }

    /// <summary>How long the student takes for a batch, by its size; empty where jobs did not measure it.</summary>
    public IReadOnlyList<BenchmarkLatency> Latency { get; init; } = [];

    /// <summary>The last epoch's score against the baseline's.</summary>
    public Comparison? LastAgainstBaseline { get; init; }

    /// <summary>The best epoch's score against the baseline's.</summary>
    public Comparison? BestAgainstBaseline { get; init; }

    /// <summary>Whether no other row is at least as accurate (best epoch) for at most the cost.</summary>
    public ParetoView? Pareto { get; init; }
}

/// <summary>How a row stands an attack, corruptions or other data, over seeds.</summary>
public sealed record BenchmarkRobustness
{
    /// <summary>An attack's label, <c>corruptions</c>, or <c>on</c> and the title of other data.</summary>
    public required string Name { get; init; }

    /// <summary>The <see cref="Metric"/> over seeds.</summary>
    public required Spread Score { get; init; }

    /// <summary>What the score is: accuracy, whatever the task is judged by; on other data the metric that they are judged by.</summary>
    public ScoreMetric Metric { get; init; }

    /// <summary>Accuracy on the samples that were attacked or corrupted, as they are; null on other data.</summary>
    public Spread? Clean { get; init; }

    /// <summary>Part of the attacked samples that the network came to err about; null of anything but an attack.</summary>
    public Spread? SuccessRate { get; init; }

    /// <summary>Mean change of the attacked samples: of pictures' values, as a part of their range, or of the words of texts; null of anything but an attack.</summary>
    public Spread? Change { get; init; }

    /// <summary>Mean queries of an attacked sample; null of anything but an attack.</summary>
    public Spread? Queries { get; init; }

    /// <summary>Agreement with the teacher on other data; null without a teacher.</summary>
    public Spread? Agreement { get; init; }

    /// <summary>Expected calibration error, in [0, 1]; null of an attack.</summary>
    public Spread? Ece { get; init; }

    /// <summary>Why the numbers may say nothing, each once.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>Milliseconds for one batch, means over seeds of each job's percentiles.</summary>
public sealed record BenchmarkLatency(int Batch, int N, double P50, double P95, double P99);

/// <summary>Whether a row is on the front of accuracy against a cost; null where the cost is not known.</summary>
public sealed record ParetoView(bool? Parameters, bool? MultiplyAdds, bool? Latency);

/// <summary>One job of a benchmark.</summary>
public sealed record BenchmarkCellView
{
    /// <summary>Its row's label.</summary>
    public required string Row { get; init; }

    /// <summary>Its seed.</summary>
    public required long Seed { get; init; }

    /// <summary>The job; null until it is submitted.</summary>
    public string? Job { get; init; }

    /// <summary>The job's state; null until it is submitted.</summary>
    public JobState? Status { get; init; }

    /// <summary>Part of the job's work that is done, in [0, 1].</summary>
    public double? Fraction { get; init; }

    /// <summary>Test score of the last epoch's weights, by its row's metric.</summary>
    public double? Last { get; init; }

    /// <summary>Test score of the best epoch's weights, by its row's metric.</summary>
    public double? Best { get; init; }

    /// <summary>Seconds of the trainer.</summary>
    public double? TrainerSeconds { get; init; }

    /// <summary>Why it failed.</summary>
    public FailureView? Failure { get; init; }
}

/// <summary>A teacher that jobs of a benchmark share.</summary>
public sealed record BenchmarkTeacherView
{
    /// <summary>The job that trains or trained it.</summary>
    public required string Job { get; init; }

    /// <summary>Its network.</summary>
    public required string Model { get; init; }

    /// <summary>Its job's state.</summary>
    public required JobState Status { get; init; }

    /// <summary>Jobs of the benchmark that it teaches.</summary>
    public required int Students { get; init; }

    /// <summary>What it is judged by; null before it has been trained.</summary>
    public ScoreMetric? Metric { get; init; }

    /// <summary>Test score of the last epoch's weights.</summary>
    public double? Last { get; init; }

    /// <summary>Test score of the best epoch's weights.</summary>
    public double? Best { get; init; }

    /// <summary>Trainable parameters; null before it has been trained.</summary>
    public long? Parameters { get; init; }

    /// <summary>Seconds of its trainer.</summary>
    public double? TrainerSeconds { get; init; }
}

/// <summary>What validation says of a benchmark.</summary>
public sealed record BenchmarkValidationView
{
    /// <summary>Its rows, each a job per seed.</summary>
    public required IReadOnlyList<BenchmarkRowPlan> Rows { get; init; }

    /// <summary>The seeds of every row.</summary>
    public required IReadOnlyList<long> Seeds { get; init; }

    /// <summary>Its jobs, teachers not counted.</summary>
    public required int Jobs { get; init; }

    /// <summary>The label of what the rows are compared with.</summary>
    public required string Baseline { get; init; }

    /// <summary>The distinct teachers that would be trained: no equal job has succeeded.</summary>
    public required IReadOnlyList<BenchmarkTeacherPlan> Teachers { get; init; }

    /// <summary>The cost of all jobs and teachers one after the other: times, disk and steps are sums, memory is that of the largest.</summary>
    public required Estimate Estimate { get; init; }
}

/// <summary>A row that would be run.</summary>
/// <param name="Label">Unique in the benchmark.</param>
/// <param name="Spec">The spec of its jobs, with the first seed and every default filled in.</param>
/// <param name="Estimate">The cost of one of its jobs.</param>
public sealed record BenchmarkRowPlan(string Label, JobSpec Spec, Estimate Estimate);

/// <summary>A teacher that would be trained.</summary>
/// <param name="Model">Its network.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Students">Jobs that it would teach.</param>
/// <param name="Estimate">The cost of its job.</param>
public sealed record BenchmarkTeacherPlan(string Model, long Seed, int Students, Estimate Estimate);
