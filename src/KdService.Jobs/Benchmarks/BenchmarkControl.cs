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

    /// <summary>Submits no more jobs and cancels those under way, and the teachers that no other job waits for. Asking again changes nothing more.</summary>
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
        foreach (var teacher in await TeachersUnderWayAsync(id, cancellation))
            await _transactions.RunAsync(connection => CancelTeacherAsync(connection, id, teacher, cancellation), cancellation);
        return await _queries.GetAsync(id, cancellation);
    }

    /// <summary>Cancels a teacher of a benchmark unless a job outside waits for it.</summary>
    private async Task<JobState?> CancelTeacherAsync(NpgsqlConnection connection, string id, string teacher, CancellationToken cancellation)
    {
        // Whoever makes a job wait for a teacher holds its row until both are committed: once it is locked here, all who wait can be seen.
        await using (var hold = new NpgsqlCommand("select from jobs where id = $1 for update", connection))
        {
            hold.Parameters.Add(new() { Value = teacher });
            await hold.ExecuteNonQueryAsync(cancellation);
        }
        await using var others = new NpgsqlCommand(
            """
            select exists (select from jobs where teacher_job_id = $2 and not state = any($3)
                           and not exists (select from benchmark_cells where benchmark_id = $1 and job_id = jobs.id))
            """, connection)
        {
            Parameters = { new() { Value = id }, new() { Value = teacher }, new() { Value = JobStates.Terminal.Select(Words.Of).ToArray() } },
        };
        if ((bool)(await others.ExecuteScalarAsync(cancellation))!) return null;
        return await _lifecycle.ApplyAsync(connection, teacher, JobTrigger.Cancel, new Change(), cancellation);
    }

    private Task<List<string>> UnderWayAsync(string id, CancellationToken cancellation) => IdsAsync(
        "select job_id from benchmark_cells join jobs on jobs.id = job_id where benchmark_id = $1 and not state = any($2) order by job_id", id, cancellation);

    // Those trained by recipe; a job that a user named as the teacher has succeeded before.
    private Task<List<string>> TeachersUnderWayAsync(string id, CancellationToken cancellation) => IdsAsync(
        """
        select distinct teacher.id from benchmark_cells join jobs on jobs.id = job_id join jobs teacher on teacher.id = jobs.teacher_job_id
        where benchmark_id = $1 and not teacher.state = any($2) and teacher.recipe_digest is not null order by teacher.id
        """, id, cancellation);

    private async Task<List<string>> IdsAsync(string sql, string id, CancellationToken cancellation)
    {
        await using var command = _database.CreateCommand(sql);
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
