using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Jobs.Lifecycle;
using KdService.Jobs.Models;
using KdService.Jobs.Persistence;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Benchmarks;

/// <summary>
/// Submits the jobs of benchmarks, as many at a time as each permits: when a benchmark comes, whenever a job has ended, and from time
/// to time. Every node may drive; a cell's job and the note that it has one are committed together.
/// </summary>
internal sealed class BenchmarkDriver(
    KdOptions options, NpgsqlDataSource database, JobTransactions transactions, JobSubmission submission, ModelStore models, JobChanges changes, ILogger<BenchmarkDriver> log)
    : BackgroundService
{
    /// <summary>Jobs of one transaction: lining them up takes a lock of the queue that all nodes contend for.</summary>
    private const int Batch = 16;

    /// <summary>Submits what may be submitted now, of every benchmark.</summary>
    public async Task AdvanceAsync(CancellationToken cancellation)
    {
        foreach (var id in await UnfinishedAsync(cancellation))
        {
            try
            {
                while (await transactions.RunAsync(connection => SubmitNextAsync(connection, id, cancellation), cancellation))
                {
                    // There may be more than one batch.
                }
            }
            catch (Exception failed) when (failed is not (OperationCanceledException or NpgsqlException { IsTransient: true }))
            {
                // One benchmark whose specs this program cannot read is no reason to leave the others alone.
                log.LogError(failed, "Benchmark {BenchmarkId} cannot go on", id);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var turn = changes.Subscribe(JobEvents.TurnTopic);
        try
        {
            while (true)
            {
                try
                {
                    await AdvanceAsync(stoppingToken);
                }
                catch (NpgsqlException unreachable)
                {
                    log.LogWarning("Cannot drive benchmarks now ({Reason})", unreachable.Message);
                }
                await turn.WaitAsync(TimeSpan.FromSeconds(options.ReconcileSeconds), stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private async Task<List<string>> UnfinishedAsync(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            select id from benchmarks where cancelled_at is null
            and exists (select from benchmark_cells where benchmark_id = id and job_id is null) order by id
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<string> ids = [];
        while (await reader.ReadAsync(cancellation)) ids.Add(reader.GetString(0));
        return ids;
    }

    /// <summary>Submits the next jobs of a benchmark.</summary>
    /// <returns>Whether there may be more.</returns>
    private async Task<bool> SubmitNextAsync(NpgsqlConnection connection, string id, CancellationToken cancellation)
    {
        var room = await RoomAsync(connection, id, cancellation);
        if (room <= 0) return false;
        var cells = await NextAsync(connection, id, Math.Min(room, Batch), cancellation);
        foreach (var (number, spec, teacher) in cells)
        {
            var facts = teacher is null ? null : await TeacherCheckpoints.FactsAsync(connection, spec.Teacher!.Job!, teacher, cancellation);
            var job = TeacherJobs.NewJob(spec, PlanBuilder.Compile(spec, facts, await models.OfAsync(spec, new ProblemList(), cancellation)), TeacherRecipe.Digest(spec));
            await submission.InsertAsync(connection, job, benchmark: id, cancellation);
            await using var note = new NpgsqlCommand("update benchmark_cells set job_id = $3 where benchmark_id = $1 and number = $2", connection)
            {
                Parameters = { new() { Value = id }, new() { Value = number }, new() { Value = job.Id } },
            };
            await note.ExecuteNonQueryAsync(cancellation);
        }
        if (cells.Count > 0) log.LogInformation("Benchmark {BenchmarkId}: {Count} jobs were submitted", id, cells.Count);
        return cells.Count == Batch;
    }

    /// <summary>How many more jobs may be under way. The row's lock makes drivers take turns, and counts what the one before submitted.</summary>
    private static async Task<int> RoomAsync(NpgsqlConnection connection, string id, CancellationToken cancellation)
    {
        await using (var command = new NpgsqlCommand("select max_running from benchmarks where id = $1 and cancelled_at is null for update", connection))
        {
            command.Parameters.Add(new() { Value = id });
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            if (!await reader.ReadAsync(cancellation)) return 0;
            if (reader.IsDBNull(0)) return int.MaxValue;
        }
        // In a statement of its own, which sees what was committed while this one waited for the lock.
        await using var room = new NpgsqlCommand(
            """
            select max_running - (select count(*)::int from benchmark_cells join jobs on jobs.id = job_id where benchmark_id = $1 and not state = any($2))
            from benchmarks where id = $1
            """, connection)
        {
            Parameters = { new() { Value = id }, new() { Value = JobStates.Terminal.Select(Words.Of).ToArray() } },
        };
        return (int)(await room.ExecuteScalarAsync(cancellation))!;
    }

    private static async Task<List<(int Number, JobSpec Spec, string? Teacher)>> NextAsync(
        NpgsqlConnection connection, string id, int count, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            select number, cell.spec, teacher.student from benchmark_cells cell left join jobs teacher on teacher.id = cell.spec -> 'teacher' ->> 'job'
            where benchmark_id = $1 and job_id is null order by number limit $2
            """, connection)
        {
            Parameters = { new() { Value = id }, new() { Value = count } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<(int, JobSpec, string?)> cells = [];
        while (await reader.ReadAsync(cancellation))
            cells.Add((reader.GetInt32(0), Json.Read<JobSpec>(reader.GetString(1)), reader.IsDBNull(2) ? null : reader.GetString(2)));
        return cells;
    }
}
