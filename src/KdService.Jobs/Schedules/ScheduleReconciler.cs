using KdService.Jobs.Persistence;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Schedules;

/// <summary>
/// Heals every difference between the schedules' rows, which are the truth, and what should follow from them: triggers, firings that
/// are due, runs whose submission was cut off. At start and from time to time, on one node at a time.
/// </summary>
internal sealed class ScheduleReconciler(
    KdOptions options, NpgsqlDataSource database, JobTransactions transactions, IFiringEngine engine, ScheduleFiring firing, ILogger<ScheduleReconciler> log)
    : BackgroundService
{
    /// <summary>The advisory lock of the node that reconciles; any number that nothing else uses.</summary>
    private const long ReconcilerLock = 0x6b64_0003;

    /// <summary>Runs once.</summary>
    /// <returns>False, with nothing done, while another node is at it.</returns>
    public async Task<bool> ReconcileAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await using var tryLock = new NpgsqlCommand($"select pg_try_advisory_xact_lock({ReconcilerLock})", connection);
        if (!(bool)(await tryLock.ExecuteScalarAsync(cancellation))!) return false;
        await MendTriggersAsync(cancellation);
        foreach (var due in (await ScheduleRows.AwakeAsync(database, cancellation)).Where(schedule => schedule.NextRunAt <= DateTimeOffset.UtcNow))
            await TryAsync(due.Id, () => firing.FireAsync(due.Id, DateTimeOffset.UtcNow, cancellation));
        foreach (var (id, number) in await ScheduleRows.PendingAsync(database, cancellation))
            await TryAsync(id, () => firing.SubmitAsync(id, number, cancellation));
        await transaction.CommitAsync(cancellation);
        return true;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.ReconcileSeconds));
        try
        {
            do
            {
                try
                {
                    await ReconcileAsync(stoppingToken);
                }
                catch (NpgsqlException unreachable)
                {
                    log.LogWarning("Cannot reconcile the schedules now ({Reason})", unreachable.Message);
                }
            } while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    /// <summary>Runs a schedule; a fault of one keeps no other from its runs.</summary>
    private async Task TryAsync(string id, Func<Task> run)
    {
        try
        {
            await run();
        }
        catch (Exception fault) when (fault is not (NpgsqlException or OperationCanceledException))
        {
            log.LogError(fault, "Schedule {ScheduleId} cannot be run", id);
        }
    }

    /// <summary>Schedules without a trigger, and triggers that no schedule waits for.</summary>
    private async Task MendTriggersAsync(CancellationToken cancellation)
    {
        // The triggers first: a schedule that is created while this runs is then not taken for a stray.
        var woken = await engine.ListAsync(cancellation);
        var awake = (await ScheduleRows.AwakeAsync(database, cancellation)).Select(schedule => schedule.Id).ToHashSet();
        foreach (var id in awake.Except(woken).Concat(woken.Except(awake)))
        {
            // Only as the row, now locked, says.
            await transactions.RunAsync(async connection =>
            {
                var schedule = await ScheduleRows.LockAsync(connection, id, cancellation);
                if (schedule?.NextRunAt is { } next) await engine.ScheduleAsync(id, schedule.Spec, next, cancellation);
                else await engine.UnscheduleAsync(id, cancellation);
                return true;
            }, cancellation);
            log.LogWarning("Schedule {ScheduleId} and its trigger differed; the trigger is as it should be now", id);
        }
    }
}
