using KdService.Core.Benchmarks;
using KdService.Core.Schedules;
using KdService.Core.Specs;

namespace KdService.Core.Wire;

/// <summary>A schedule as the API shows it.</summary>
public sealed record ScheduleView
{
    /// <summary>Its id; sorts by the time of creation.</summary>
    public required string Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The cron line as it was given.</summary>
    public required string Cron { get; init; }

    /// <summary>The form in which the line was read.</summary>
    public required CronForm CronForm { get; init; }

    /// <summary>The time zone whose clock the line means.</summary>
    public required string TimeZone { get; init; }

    /// <summary>What happens while an earlier run has not ended.</summary>
    public required Overlap Overlap { get; init; }

    /// <summary>Whether it rests.</summary>
    public required bool Paused { get; init; }

    /// <summary>Whether every run has a seed of its own.</summary>
    public required bool VarySeed { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it runs next: one time in lists, five in the view of a single schedule; none while it rests.</summary>
    public required IReadOnlyList<RunTime> NextRuns { get; init; }

    /// <summary>The latest run, without its numbers; null before the first.</summary>
    public ScheduleRunView? LastRun { get; init; }

    /// <summary>The job that it submits, with every default filled in; only in the view of a single schedule.</summary>
    public JobSpec? Job { get; init; }

    /// <summary>The benchmark that it submits; only in the view of a single schedule.</summary>
    public BenchmarkSpec? Benchmark { get; init; }
}

/// <summary>A moment at which a schedule fires.</summary>
/// <param name="Local">By the clock of the schedule's time zone.</param>
/// <param name="Utc">In UTC.</param>
public sealed record RunTime(DateTimeOffset Local, DateTimeOffset Utc);

/// <summary>How a run of a schedule stands.</summary>
public enum ScheduleRunStatus
{
    /// <summary>Due, and about to be submitted.</summary>
    Pending,

    /// <summary>Left out because an earlier run had not ended.</summary>
    Skipped,

    /// <summary>The spec could not be carried out any more when its time had come.</summary>
    Refused,

    /// <summary>Submitted and not ended: its job, or one of its benchmark's, waits, runs or is paused.</summary>
    Live,

    /// <summary>Ended well; a benchmark, with at least one job that did.</summary>
    Succeeded,

    /// <summary>Ended by a fault.</summary>
    Failed,

    /// <summary>Ended on request.</summary>
    Cancelled,
}

/// <summary>One run of a schedule.</summary>
public sealed record ScheduleRunView
{
    /// <summary>Counts the runs of the schedule from 1.</summary>
    public required int Number { get; init; }

    /// <summary>Whether a user asked for it, rather than the cron line.</summary>
    public required bool Manual { get; init; }

    /// <summary>The time it is for: the firing's, or that of the request.</summary>
    public required DateTimeOffset ScheduledAt { get; init; }

    /// <summary>How it stands.</summary>
    public required ScheduleRunStatus Status { get; init; }

    /// <summary>Why it was skipped or refused, or failed; how many jobs of its benchmark did not succeed.</summary>
    public string? Reason { get; init; }

    /// <summary>Its job.</summary>
    public string? Job { get; init; }

    /// <summary>Its benchmark.</summary>
    public string? Benchmark { get; init; }

    /// <summary>The seed of its job.</summary>
    public long? Seed { get; init; }

    /// <summary>When its job or benchmark ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>What came of it, number by number; only in the list of runs, of runs that succeeded.</summary>
    public IReadOnlyList<RunNumber>? Numbers { get; init; }
}

/// <summary>A number that came of a run, beside those of the runs before it.</summary>
public sealed record RunNumber
{
    /// <summary>The row of the benchmark that it belongs to, whose numbers are means over seeds; null for a job.</summary>
    public string? Row { get; init; }

    /// <summary>What was measured: <c>best_accuracy</c>, <c>last_accuracy</c> (of the test set, in [0, 1]) or <c>seconds</c>.</summary>
    public required string Metric { get; init; }

    /// <summary>The number.</summary>
    public required double Value { get; init; }

    /// <summary>By how much it differs from that of the run before that succeeded; null for the first.</summary>
    public double? Change { get; init; }

    /// <summary>Where it was to be expected from the earlier runs; null while they are too few.</summary>
    public PredictionInterval? Interval { get; init; }

    /// <summary>Whether it lies outside the interval.</summary>
    public bool Outside { get; init; }
}

/// <summary>Runs of a schedule, a page of them.</summary>
/// <param name="Items">The latest first.</param>
/// <param name="Next">Cursor of the next page; null on the last.</param>
/// <param name="Basis">What the intervals are and what goes into them.</param>
public sealed record ScheduleRunsView(IReadOnlyList<ScheduleRunView> Items, string? Next, string Basis);
