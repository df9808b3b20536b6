using KdService.Core;
using KdService.Core.Benchmarks;
using KdService.Core.Schedules;
using KdService.Core.Schema;
using KdService.Core.Wire;
using KdService.Jobs.Benchmarks;
using KdService.Jobs.Persistence;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Schedules;

/// <summary>Takes schedules in, changes them and removes them. The row and its trigger become durable together.</summary>
public sealed class ScheduleControl
{
    private readonly NpgsqlDataSource _database;
    private readonly JobTransactions _transactions;
    private readonly IFiringEngine _engine;
    private readonly JobSubmission _jobs;
    private readonly BenchmarkSubmission _benchmarks;
    private readonly ScheduleFiring _firing;
    private readonly ScheduleQueries _queries;
    private readonly ILogger _log;

    internal ScheduleControl(
        NpgsqlDataSource database, JobTransactions transactions, IFiringEngine engine, JobSubmission jobs, BenchmarkSubmission benchmarks,
        ScheduleFiring firing, ScheduleQueries queries, ILogger<ScheduleControl> log) =>
        (_database, _transactions, _engine, _jobs, _benchmarks, _firing, _queries, _log) =
        (database, transactions, engine, jobs, benchmarks, firing, queries, log);

    /// <summary>Creates a schedule.</summary>
    /// <param name="spec">A schedule that <see cref="ScheduleValidation"/> has passed.</param>
    /// <param name="idempotencyKey">The same key and body is one schedule; null creates anew each time.</param>
    /// <param name="requestDigest">Digest of the request's body, by which another body under the same key is told.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>The schedule, and whether this call created it.</returns>
    /// <exception cref="InvalidDocumentException">Its line never comes, or what it runs cannot be carried out here; carries every problem.</exception>
    /// <exception cref="IdempotencyConflictException">The key came with another body before.</exception>
    public async Task<(ScheduleView Schedule, bool Created)> CreateAsync(
        ScheduleSpec spec, string? idempotencyKey, string requestDigest, CancellationToken cancellation)
    {
        var problems = new ProblemList();
        // PostgreSQL keeps microseconds.
        var now = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        var times = CronTimes.Read(spec, now, problems);
        if (spec.Job is { } job) await _jobs.CompileAsync(job, problems.At("/job"), cancellation);
        if (spec.Benchmark is { } benchmark) await CheckAsync(benchmark, problems.At("/benchmark"), cancellation);
        if (!problems.None)
        {
            // A request repeated after its data set went away is still the schedule that the first one made.
            if (idempotencyKey is not null && await FindByKeyAsync(idempotencyKey, requestDigest, cancellation) is { } earlier) return (earlier, false);
            throw new InvalidDocumentException(problems.Items);
        }

        var schedule = new Schedule
        {
            Id = SortableId.New(),
            Spec = spec,
            IdempotencyKey = idempotencyKey,
            RequestDigest = requestDigest,
            NextRunAt = spec.Paused ? null : times!.NextAfter(now),
            CreatedAt = now,
        };
        var created = await _transactions.RunAsync(async connection =>
        {
            if (!await ScheduleRows.InsertAsync(connection, schedule, cancellation)) return false;
            if (schedule.NextRunAt is { } first) await _engine.ScheduleAsync(schedule.Id, spec, first, cancellation);
            return true;
        }, cancellation);
        if (!created)
        {
            return (await FindByKeyAsync(idempotencyKey!, requestDigest, cancellation)
                ?? throw new InvalidOperationException($"the insert of a schedule under key {idempotencyKey} met one that is not there"), false);
        }
        _log.LogInformation("Schedule {ScheduleId} was created: {Name} at {Cron} in {TimeZone}", schedule.Id, spec.Name, spec.Cron, spec.TimeZone);
        return (await _queries.GetAsync(schedule.Id, cancellation), true);
    }

    /// <summary>Changes a schedule. What falls into a pause is not made up for.</summary>
    /// <exception cref="ScheduleNotFoundException">There is no such schedule.</exception>
    /// <exception cref="InvalidDocumentException">The line never comes.</exception>
    public async Task<ScheduleView> ChangeAsync(string id, ScheduleChange change, CancellationToken cancellation)
    {
        await _transactions.RunAsync(async connection =>
        {
            var schedule = await ScheduleRows.LockAsync(connection, id, cancellation) ?? throw new ScheduleNotFoundException(id);
            var spec = change.Of(schedule.Spec);
            var next = spec.Paused ? null : Anew(schedule.Spec, spec) ? FirstOf(spec) : schedule.NextRunAt;
            await ScheduleRows.UpdateAsync(connection, schedule with { Spec = spec, NextRunAt = next }, cancellation);
            if (next is null) await _engine.UnscheduleAsync(id, cancellation);
            else if (next != schedule.NextRunAt) await _engine.ScheduleAsync(id, spec, next.Value, cancellation);
            return true;
        }, cancellation);
        return await _queries.GetAsync(id, cancellation);
    }

    /// <summary>Runs a schedule now, whether it rests or not; its overlap policy holds as at a firing.</summary>
    /// <exception cref="ScheduleNotFoundException">There is no such schedule.</exception>
    public async Task<ScheduleRunView> RunAsync(string id, CancellationToken cancellation)
    {
        var number = await _firing.FireByHandAsync(id, cancellation);
        return (await _queries.RunsAsync(id, $"{number + 1}", 1, cancellation)).Items[0];
    }

    /// <summary>Removes a schedule and the list of its runs. Its jobs stay, and those under way go on.</summary>
    /// <exception cref="ScheduleNotFoundException">There is no such schedule.</exception>
    public Task DeleteAsync(string id, CancellationToken cancellation) => _transactions.RunAsync(async connection =>
    {
        if (!await ScheduleRows.DeleteAsync(connection, id, cancellation)) throw new ScheduleNotFoundException(id);
        await _engine.UnscheduleAsync(id, cancellation);
        return true;
    }, cancellation);

    private async Task CheckAsync(BenchmarkSpec benchmark, ProblemList problems, CancellationToken cancellation)
    {
        try
        {
            var plan = BenchmarkExpansion.Expand(benchmark, new ProblemList()) ?? throw new ArgumentException("the benchmark was not validated", nameof(benchmark));
            await _benchmarks.CompileAsync(plan, cancellation);
        }
        catch (InvalidDocumentException refused)
        {
            foreach (var problem in refused.Problems) problems.Add(problem.Pointer, problem.Detail);
        }
    }

    /// <summary>Whether the next firing is to be reckoned from now.</summary>
    private static bool Anew(ScheduleSpec before, ScheduleSpec after) =>
        before.Paused || before.Cron != after.Cron || before.TimeZone != after.TimeZone;

    private static DateTimeOffset? FirstOf(ScheduleSpec spec)
    {
        var problems = new ProblemList();
        var now = DateTimeOffset.UtcNow;
        return (CronTimes.Read(spec, now, problems) ?? throw new InvalidDocumentException(problems.Items)).NextAfter(now);
    }

    private async Task<ScheduleView?> FindByKeyAsync(string key, string requestDigest, CancellationToken cancellation)
    {
        if (await ScheduleRows.FindByKeyAsync(_database, key, cancellation) is not { } found) return null;
        if (found.Digest != requestDigest) throw new IdempotencyConflictException(key, found.Id, "schedule");
        return await _queries.GetAsync(found.Id, cancellation);
    }
}
