using KdService.Core.Jobs;
using KdService.Core.Wire;
using KdService.Jobs.Lifecycle;
using KdService.Jobs.Persistence;
using Npgsql;

namespace KdService.Jobs.Benchmarks;

/// <summary>What users may ask of a benchmark that exists.</summary>
public sealed class BenchmarkControl
{
    private readonly NpgsqlDataSource _database;
    private readonly JobTransactions _transactions;
    private readonly JobLifecycle _lifecycle;
    private readonly BenchmarkQueries _queries;

    internal BenchmarkControl(NpgsqlDataSource database, JobTransactions transactions, JobLifecycle lifecycle, BenchmarkQueries queries) =>
        (_database, _transactions, _lifecycle, _queries) = (database, transactions, lifecycle, queries);

    /// <summary>Submits no more jobs and cancels those under way; teachers, which other jobs may share, go on. Asking again changes nothing more.</summary>
    /// <exception cref="BenchmarkNotFoundException">There is no such benchmark.</exception>
    public async Task<BenchmarkView> CancelAsync(string id, CancellationToken cancellation)
    {
        await using (var close = _database.CreateCommand("update benchmarks set cancelled_at = coalesce(cancelled_at, now()) where id = $1"))
        {
            close.Parameters.Add(new() { Value = id });
            if (await close.ExecuteNonQueryAsync(cancellation) == 0) throw new BenchmarkNotFoundException(id);
        }
        // A transaction each: together they would hold the queue's lock and wait for jobs whose workers wait for it.
        foreach (var job in await UnderWayAsync(id, cancellation))
            await _transactions.RunAsync(connection => _lifecycle.ApplyAsync(connection, job, JobTrigger.Cancel, new Change(), cancellation), cancellation);
        return await _queries.GetAsync(id, cancellation);
    }

    private async Task<List<string>> UnderWayAsync(string id, CancellationToken cancellation)
    {
        await using var command = _database.CreateCommand(
            "select job_id from benchmark_cells join jobs on jobs.id = job_id where benchmark_id = $1 and not state = any($2) order by job_id");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = JobStates.Terminal.Select(Words.Of).ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<string> jobs = [];
        while (await reader.ReadAsync(cancellation)) jobs.Add(reader.GetString(0));
        return jobs;
    }
}

/// <summary>No benchmark has this id.</summary>
public sealed class BenchmarkNotFoundException(string id) : Exception($"there is no benchmark {id}")
{
    /// <summary>The id that was asked for.</summary>
    public string BenchmarkId { get; } = id;
}
