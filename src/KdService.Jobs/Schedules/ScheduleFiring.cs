using KdService.Core.Schedules;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Jobs.Persistence;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Schedules;

/// <summary>
/// Turns a firing into one job. First the firing becomes a run, in a transaction that also moves the schedule to its next firing: so
/// it becomes one run however many nodes are woken. Then the run's job is submitted under a key made of the run: so whoever was cut
/// off in between, another may finish what he began, and there is still one job.
/// </summary>
internal sealed class ScheduleFiring(
    NpgsqlDataSource database, JobTransactions transactions, JobSubmission submission, JobControl control, ILogger<ScheduleFiring> log)
{
    /// <summary>The largest seed.</summary>
    private const long SeedMask = (1L << 53) - 1;

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

    /// <summary>Submits the job of a pending run; harmless when it was done before, or is being done elsewhere.</summary>
    public async Task SubmitAsync(string id, int number, CancellationToken cancellation)
    {
        if (await ScheduleRows.FindAsync(database, id, cancellation) is not { Schedule: var schedule }) return;
        if (await ScheduleRows.RunsAsync(database, id, number + 1, 1, false, cancellation) is not [{ Outcome: RunOutcome.Pending } run] || run.Number != number) return;
        if (schedule.Spec.Overlap == Overlap.CancelPrevious && schedule.LastRun > number)
        {
            await ScheduleRows.SettleAsync(database, id, number, RunOutcome.Skipped, $"run {schedule.LastRun} came before it was submitted", null, cancellation);
            return;
        }
        if (schedule.Spec.Overlap == Overlap.CancelPrevious) await CancelEarlierAsync(id, number, cancellation);
        try
        {
            var key = $"schedule:{id}:{number}";
            var (job, _) = await submission.SubmitAsync(JobOf(schedule, run), key, key, cancellation);
            await ScheduleRows.SettleAsync(database, id, number, RunOutcome.Submitted, null, job.Id, cancellation);
        }
        catch (InvalidDocumentException refused)
        {
            log.LogWarning("Schedule {ScheduleId}, run {Number} cannot be submitted: {Problems}", id, number, refused.Message);
            await ScheduleRows.SettleAsync(database, id, number, RunOutcome.Refused, string.Join("; ", refused.Problems), null, cancellation);
        }
    }

    /// <summary>The spec of a run's job.</summary>
    private static JobSpec JobOf(Schedule schedule, RunRow run) => schedule.Spec.Job! with
    {
        Labels = new Dictionary<string, string>(schedule.Spec.Job.Labels) { [ScheduleControl.Label] = schedule.Id },
        Seed = SeedOf(schedule.Spec, run)!.Value,
    };

    /// <summary>The seed of a run's job; after the largest seed comes 0.</summary>
    public static long? SeedOf(ScheduleSpec spec, RunRow run) => spec.Job is { } job ? (job.Seed + (run.SeedOffset ?? 0)) & SeedMask : null;

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

    private static string Describe(RunRow live) =>
        live.State is { } state ? $"run {live.Number} has not ended: job {live.Job} is {Words.Of(state)}" : $"run {live.Number} has not been submitted yet";

    private async Task CancelEarlierAsync(string id, int number, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        foreach (var live in await ScheduleRows.LiveAsync(connection, id, number, cancellation))
        {
            if (live.Job is null) continue;
            try
            {
                await control.CancelAsync(live.Job, cancellation);
                log.LogInformation("Job {JobId} was cancelled for run {Number} of schedule {ScheduleId}", live.Job, number, id);
            }
            catch (InvalidTransitionException)
            {
                // It has ended meanwhile, or is being cancelled.
            }
        }
    }
}
