using KdService.Core.Jobs;
using KdService.Core.Schedules;
using KdService.Core.Schema;
using KdService.Core.Wire;
using Npgsql;

namespace KdService.Jobs.Schedules;

/// <summary>Everything that can be read of schedules and their runs.</summary>
public sealed class ScheduleQueries
{
    /// <summary>The most items of a page.</summary>
    public const int MaxPage = JobQueries.MaxPage;

    /// <summary>The run times that the view of a single schedule shows.</summary>
    public const int TimesShown = 5;

    private readonly NpgsqlDataSource _database;

    internal ScheduleQueries(NpgsqlDataSource database) => _database = database;

    /// <summary>One schedule, with its job or benchmark, its next run times and its last run.</summary>
    /// <exception cref="ScheduleNotFoundException">There is no such schedule.</exception>
    public async Task<ScheduleView> GetAsync(string id, CancellationToken cancellation)
    {
        var (schedule, last) = await FindAsync(id, cancellation);
        return View(schedule, last, TimesShown) with { Job = schedule.Spec.Job, Benchmark = schedule.Spec.Benchmark };
    }

    /// <summary>Schedules, newest first.</summary>
    /// <param name="cursor"><see cref="Page{T}.Next"/> of the page before; null for the first.</param>
    /// <param name="limit">Items of the page, from 1 to <see cref="MaxPage"/>.</param>
    /// <param name="cancellation">Cancels.</param>
    public async Task<Page<ScheduleView>> ListAsync(string? cursor, int limit, CancellationToken cancellation)
    {
        limit = Math.Clamp(limit, 1, MaxPage);
        var found = await ScheduleRows.ListAsync(_database, cursor, limit + 1, cancellation);
        List<ScheduleView> views = [.. found.Take(limit).Select(item => View(item.Schedule, item.LastRun, 1))];
        return new(views, found.Count > limit ? views[^1].Id : null);
    }

    /// <summary>The moments that a schedule's line names from now on, even while it rests.</summary>
    /// <exception cref="ScheduleNotFoundException">There is no such schedule.</exception>
    public async Task<IReadOnlyList<RunTime>> TimesAsync(string id, int count, CancellationToken cancellation)
    {
        var (schedule, _) = await FindAsync(id, cancellation);
        return [.. CronTimes.Of(schedule.Spec).After(DateTimeOffset.UtcNow).Take(count)];
    }

    /// <summary>Runs of a schedule, the latest first, their numbers beside those of the runs before.</summary>
    /// <param name="id">The schedule.</param>
    /// <param name="cursor"><see cref="ScheduleRunsView.Next"/> of the page before; null for the first.</param>
    /// <param name="limit">Items of the page, from 1 to <see cref="MaxPage"/>.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="ScheduleNotFoundException">There is no such schedule.</exception>
    /// <exception cref="InvalidDocumentException">The cursor is not one.</exception>
    public async Task<ScheduleRunsView> RunsAsync(string id, string? cursor, int limit, CancellationToken cancellation)
    {
        var before = int.MaxValue;
        if (cursor is not null && !int.TryParse(cursor, out before))
            throw new InvalidDocumentException([new Problem("/cursor", $"\"{cursor}\" given; the next of an earlier page")]);
        limit = Math.Clamp(limit, 1, MaxPage);
        var (schedule, _) = await FindAsync(id, cancellation);
        var runs = await ScheduleRows.RunsAsync(_database, id, before, limit + 1, false, cancellation);
        var page = runs.Take(limit).ToList();
        // The last of the page are compared with runs beyond it.
        var beyond = page is [.., var oldest] ? await ScheduleRows.RunsAsync(_database, id, oldest.Number, PredictionInterval.Most, true, cancellation) : [];
        var succeeded = page.Concat(beyond).Where(run => StatusOf(run) == ScheduleRunStatus.Succeeded).ToList();
        var rows = await ScheduleRows.BenchmarkNumbersAsync(_database, succeeded.Select(run => run.Benchmark).OfType<string>(), cancellation);
        var headlines = succeeded.Select(run => (run.Number, Numbers: Headline(run))).ToList();
        return new(
            [.. page.Select(run => View(schedule.Spec, run) with { Numbers = NumbersOf(run.Number) })],
            runs.Count > limit ? $"{page[^1].Number}" : null,
            PredictionInterval.Basis);

        IReadOnlyList<RunNumber>? NumbersOf(int number) =>
            headlines.FindIndex(run => run.Number == number) is >= 0 and var at
                ? RunComparison.Compare(headlines[at].Numbers, [.. headlines.Skip(at + 1).Select(run => run.Numbers)])
                : null;

        IReadOnlyDictionary<Measure, double> Headline(RunRow run) =>
            run.Report is { } report ? RunComparison.Headline(report)
            : new Dictionary<Measure, double>(rows[run.Benchmark ?? ""].SelectMany(row => RunComparison.Headline(row.Row, row.Best, row.Last, row.Seconds)));
    }

    private async Task<(Schedule Schedule, RunRow? LastRun)> FindAsync(string id, CancellationToken cancellation) =>
        await ScheduleRows.FindAsync(_database, id, cancellation) ?? throw new ScheduleNotFoundException(id);

    private static ScheduleView View(Schedule schedule, RunRow? last, int times)
    {
        var spec = schedule.Spec;
        return new ScheduleView
        {
            Id = schedule.Id,
            Name = spec.Name,
            Cron = spec.Cron,
            CronForm = CronLine.FormOf(spec.Cron),
            TimeZone = spec.TimeZone,
            Overlap = spec.Overlap,
            Paused = spec.Paused,
            VarySeed = spec.VarySeed,
            CreatedAt = schedule.CreatedAt,
            NextRuns = spec.Paused ? [] : [.. CronTimes.Of(spec).After(DateTimeOffset.UtcNow).Take(times)],
            LastRun = last is null ? null : View(spec, last),
        };
    }

    private static ScheduleRunView View(ScheduleSpec spec, RunRow run) => new()
    {
        Number = run.Number,
        Manual = run.Manual,
        ScheduledAt = run.ScheduledAt,
        Status = StatusOf(run),
        Reason = run.Reason ?? run.Failure ?? Shortfall(run),
        Job = run.Job,
        Benchmark = run.Benchmark,
        Seed = run.Job is not null && spec.Job is { } job ? RunSpecs.Move(job.Seed, run.SeedOffset ?? 0) : null,
        FinishedAt = StatusOf(run) == ScheduleRunStatus.Live ? null : run.FinishedAt,
    };

    private static ScheduleRunStatus StatusOf(RunRow run) => run switch
    {
        { Outcome: RunOutcome.Pending } => ScheduleRunStatus.Pending,
        { Outcome: RunOutcome.Skipped } => ScheduleRunStatus.Skipped,
        { Outcome: RunOutcome.Refused } => ScheduleRunStatus.Refused,
        { State: JobState.Succeeded } => ScheduleRunStatus.Succeeded,
        { State: JobState.Failed } => ScheduleRunStatus.Failed,
        { State: JobState.Cancelled } => ScheduleRunStatus.Cancelled,
        { Cells: { Live: 0, Cancelled: true } } => ScheduleRunStatus.Cancelled,
        { Cells: { Live: 0, Succeeded: > 0 } } => ScheduleRunStatus.Succeeded,
        { Cells.Live: 0 } => ScheduleRunStatus.Failed,
        _ => ScheduleRunStatus.Live,
    };

    private static string? Shortfall(RunRow run) =>
        run.Cells is { Live: 0 } cells && cells.Succeeded < cells.Jobs ? $"{cells.Jobs - cells.Succeeded} of {cells.Jobs} jobs did not succeed" : null;
}
