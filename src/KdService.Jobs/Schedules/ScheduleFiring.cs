using KdService.Core.Benchmarks;
using KdService.Core.Schedules;
using KdService.Core.Schema;
using KdService.Jobs.Benchmarks;
using KdService.Jobs.Persistence;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Schedules;

/// <summary>
/// Turns a firing into one job or benchmark. First the firing becomes a run, in a transaction that also moves the schedule to its next firing: so
/// it becomes one run however many nodes are woken. Then what it runs is submitted under a key made of the run: so whoever was
/// cut off in between, another may finish what he began, and there is still one.
/// </summary>
internal sealed class ScheduleFiring(
    NpgsqlDataSource database, JobTransactions transactions, JobSubmission jobs, BenchmarkSubmission benchmarks, JobControl jobControl,
    BenchmarkControl benchmarkControl, ILogger<ScheduleFiring> log)
{
    /// <summary>Runs a schedule if a firing is due. Firings that nobody was there for become one run, under the time of the first of them.</summary>
    public async Task FireAsync(string id, DateTimeOffset now, CancellationToken cancellation)
    {
        var run = await transactions.RunAsync(async connection =>
        {
            var schedule = await ScheduleRows.LockAsync(connection, id, cancellation);
            if (schedule?.NextRunAt is not { } due || due > now) return null;
            var moved = schedule with { NextRunAt = CronTimes.Of(schedule.Spec).NextAfter(now) };
            return await RecordAsync(connection, moved, due, manual: false, cancellation);
        }, cancellation);
        if (run is not null) await SubmitAsync(id, run.Number, cancellation);
    }

    /// <summary>Runs a schedule now, beside its cron line; its overlap policy holds as at a firing.</summary>
    /// <returns>The run's number.</returns>
    /// <exception cref="ScheduleNotFoundException">There is no such schedule.</exception>
    public async Task<int> FireByHandAsync(string id, CancellationToken cancellation)
    {
        var run = await transactions.RunAsync(async connection =>
        {
            var schedule = await ScheduleRows.LockAsync(connection, id, cancellation) ?? throw new ScheduleNotFoundException(id);
            return await RecordAsync(connection, schedule, DateTimeOffset.UtcNow, manual: true, cancellation);
        }, cancellation);
        await SubmitAsync(id, run.Number, cancellation);
        return run.Number;
    }

    /// <summary>Submits what a pending run is for; harmless when it was done before, or is being done elsewhere.</summary>
    public async Task SubmitAsync(string id, int number, CancellationToken cancellation)
    {
        if (await ScheduleRows.FindAsync(database, id, cancellation) is not { Schedule: var schedule }) return;
        if (await ScheduleRows.RunsAsync(database, id, number + 1, 1, false, cancellation) is not [{ Outcome: RunOutcome.Pending } run] || run.Number != number) return;
        if (schedule.Spec.Overlap == Overlap.CancelPrevious && schedule.LastRun > number)
        {
            await ScheduleRows.SettleAsync(database, id, number, RunOutcome.Skipped, $"run {schedule.LastRun} came before it was submitted", null, null, cancellation);
            return;
        }
        if (schedule.Spec.Overlap == Overlap.CancelPrevious) await CancelEarlierAsync(id, number, cancellation);
        try
        {
            var (job, benchmark) = await SubmitAsync(schedule, run, cancellation);
            await ScheduleRows.SettleAsync(database, id, number, RunOutcome.Submitted, null, job, benchmark, cancellation);
        }
        catch (InvalidDocumentException refused)
        {
            log.LogWarning("Schedule {ScheduleId}, run {Number} cannot be submitted: {Problems}", id, number, refused.Message);
            await ScheduleRows.SettleAsync(database, id, number, RunOutcome.Refused, string.Join("; ", refused.Problems), null, null, cancellation);
        }
    }

    private async Task<(string? Job, string? Benchmark)> SubmitAsync(Schedule schedule, RunRow run, CancellationToken cancellation)
    {
        var (key, offset) = ($"schedule:{schedule.Id}:{run.Number}", run.SeedOffset ?? 0);
        if (schedule.Spec.Benchmark is not { } benchmark)
            return ((await jobs.SubmitAsync(RunSpecs.Of(schedule.Spec.Job!, schedule.Id, offset), key, key, cancellation)).Job.Id, null);
        var problems = new ProblemList();
        var plan = BenchmarkExpansion.Expand(RunSpecs.Of(benchmark, schedule.Id, offset), problems) ?? throw new InvalidDocumentException(problems.Items);
        return (null, (await benchmarks.SubmitAsync(plan, key, cancellation)).Benchmark.Id);
    }

    /// <summary>Makes a run of a schedule whose row is locked.</summary>
    private static async Task<ScheduleRun> RecordAsync(
        NpgsqlConnection connection, Schedule schedule, DateTimeOffset scheduledAt, bool manual, CancellationToken cancellation)
    {
        var number = schedule.LastRun + 1;
        var live = schedule.Spec.Overlap == Overlap.Skip ? await ScheduleRows.LiveAsync(connection, schedule.Id, number, cancellation) : [];
        var run = new ScheduleRun
        {
            ScheduleId = schedule.Id,
            Number = number,
            Manual = manual,
            ScheduledAt = scheduledAt,
            SeedOffset = schedule.Spec.VarySeed ? number : null,
            Outcome = live.Count > 0 ? RunOutcome.Skipped : RunOutcome.Pending,
            Reason = live is [var earlier, ..] ? Describe(earlier) : null,
        };
        await ScheduleRows.UpdateAsync(connection, schedule with { LastRun = number }, cancellation);
        await ScheduleRows.InsertRunAsync(connection, run, cancellation);
        return run;
    }

    private static string Describe(RunRow live) => live switch
    {
        { State: { } state } => $"run {live.Number} has not ended: job {live.Job} is {Words.Of(state)}",
        { Cells: { } cells } => $"run {live.Number} has not ended: {cells.Live} of the {cells.Jobs} jobs of benchmark {live.Benchmark} have not",
        _ => $"run {live.Number} has not been submitted yet",
    };

    private async Task CancelEarlierAsync(string id, int number, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        foreach (var live in await ScheduleRows.LiveAsync(connection, id, number, cancellation))
        {
            try
            {
                if (live.Job is { } job) await jobControl.CancelAsync(job, cancellation);
                else if (live.Benchmark is { } benchmark) await benchmarkControl.CancelAsync(benchmark, cancellation);
                log.LogInformation("Run {Earlier} of schedule {ScheduleId} was cancelled for run {Number}", live.Number, id, number);
            }
            catch (InvalidTransitionException)
            {
                // It has ended meanwhile, or is being cancelled.
            }
        }
    }
}
