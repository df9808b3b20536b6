using KdService.Core.Jobs;
using KdService.Jobs.Persistence;
using KdService.Jobs.Queue;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Lifecycle;

/// <summary>
/// Heals every difference between the job rows, which are the truth, and what should follow from them: at start and from
/// time to time, on one node at a time.
/// </summary>
internal sealed class Reconciler(
    KdOptions options, NpgsqlDataSource database, JobTransactions transactions, JobLifecycle lifecycle, Recovery recovery, IJobEngine engine,
    ILogger<Reconciler> log) : BackgroundService
{
    /// <summary>The advisory lock of the node that reconciles; any number that nothing else uses.</summary>
    private const long ReconcilerLock = 0x6b64_0002;

    /// <summary>Runs once.</summary>
    /// <returns>False, with nothing done, while another node is at it.</returns>
    public async Task<bool> ReconcileAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await using var tryLock = new NpgsqlCommand($"select pg_try_advisory_xact_lock({ReconcilerLock})", connection);
        if (!(bool)(await tryLock.ExecuteScalarAsync(cancellation))!) return false;
        await recovery.RecoverExpiredAsync(cancellation);
        await ReleaseWaitingAsync(cancellation);
        await LineUpAsync(cancellation);
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
                    log.LogWarning("Cannot reconcile now ({Reason})", unreachable.Message);
                }
            } while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    /// <summary>Waiting jobs whose teacher's job has ended.</summary>
    private async Task ReleaseWaitingAsync(CancellationToken cancellation)
    {
        List<(string Id, string Teacher, JobState Ended)> ready = [];
        await using (var command = database.CreateCommand(
            """
            select jobs.id, teacher.id, teacher.state from jobs join jobs teacher on teacher.id = jobs.teacher_job_id
            where jobs.state = 'waiting' and teacher.state in ('succeeded', 'failed', 'cancelled') order by jobs.id
            """))
        {
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation)) ready.Add((reader.GetString(0), reader.GetString(1), Words.Parse<JobState>(reader.GetString(2))));
        }
        foreach (var (id, teacher, ended) in ready)
        {
            await transactions.RunAsync(connection => lifecycle.ReleaseAsync(connection, id, teacher, ended, cancellation), cancellation);
            log.LogWarning("Job {JobId} was waiting although its teacher's job {TeacherJobId} had ended", id, teacher);
        }
    }

    /// <summary>Queued jobs that the queue does not know, and places in the queue that no job has.</summary>
    private async Task LineUpAsync(CancellationToken cancellation)
    {
        // The queue first: a job that is lined up while this runs is then not taken for a stray.
        var linedUp = await engine.ListAsync(cancellation);
        List<ScheduledAttempt> queued = [];
        await using (var command = database.CreateCommand(
            "select id, attempt, queue, greatest(created_at, not_before) from jobs where state = 'queued' order by id"))
        {
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
                queued.Add(new(new AttemptName(reader.GetString(0), reader.GetInt32(1) + 1), reader.GetString(2), reader.GetFieldValue<DateTimeOffset>(3)));
        }
        foreach (var missing in queued.Where(attempt => !linedUp.Contains(attempt.Name)))
        {
            // Only while the row, now locked, still says so.
            var scheduled = await transactions.RunAsync(connection => ScheduleIfQueuedAsync(connection, missing, cancellation), cancellation);
            if (scheduled) log.LogWarning("Job {JobId} was queued and not in the line; it is now", missing.Name.JobId);
        }
    }

    private async Task<bool> ScheduleIfQueuedAsync(NpgsqlConnection connection, ScheduledAttempt attempt, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select from jobs where id = $1 and state = 'queued' and attempt = $2 for update", connection)
        {
            Parameters = { new() { Value = attempt.Name.JobId }, new() { Value = attempt.Name.Number - 1 } },
        };
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
        {
            if (!await reader.ReadAsync(cancellation)) return false;
        }
        await engine.ScheduleAsync(attempt, cancellation);
        return true;
    }
}
