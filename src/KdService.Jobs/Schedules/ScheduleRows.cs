using System.Data.Common;
using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Core.Schedules;
using KdService.Core.Schema;
using KdService.Jobs.Lifecycle;
using KdService.Jobs.Persistence;
using Npgsql;

namespace KdService.Jobs.Schedules;

/// <summary>Schedules and their runs in SQL.</summary>
internal static class ScheduleRows
{
    private const string Columns = "id, spec, request_digest, next_run_at, last_run, created_at";

    private const string RunColumns =
        """
        run.number, run.manual, run.scheduled_at, run.seed_offset, run.outcome, run.reason, run.job_id, job.state,
        coalesce(job.finished_at, cells.finished_at), job.failure ->> 'message',
        run.benchmark_id, cells.jobs, cells.succeeded, cells.live, benchmark.cancelled_at is not null
        """;

    private static readonly string Ended = string.Join(", ", JobStates.Terminal.Select(state => $"'{Words.Of(state)}'"));

    /// <summary>What a run is read from, besides itself: its job, or its benchmark with a count of its jobs.</summary>
    private static readonly string Submitted =
        $"""
        left join jobs job on job.id = run.job_id
        left join benchmarks benchmark on benchmark.id = run.benchmark_id
        left join lateral (
            select count(*) as jobs, count(*) filter (where state = 'succeeded') as succeeded, max(finished_at) as finished_at,
                   count(*) filter (where state not in ({Ended}) or (cell.job_id is null and benchmark.cancelled_at is null)) as live
            from benchmark_cells cell left join jobs on jobs.id = cell.job_id where cell.benchmark_id = run.benchmark_id) cells on run.benchmark_id is not null
        """;

    /// <summary>Inserts a schedule unless its idempotency key is taken.</summary>
    /// <returns>Whether it was inserted.</returns>
    public static async Task<bool> InsertAsync(NpgsqlConnection connection, Schedule schedule, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            insert into schedules (id, spec, idempotency_key, request_digest, next_run_at, created_at) values ($1, $2, $3, $4, $5, $6)
            on conflict do nothing
            """, connection)
        {
            Parameters =
            {
                new() { Value = schedule.Id },
                JobRows.Document(schedule.Spec),
                JobRows.Text(schedule.IdempotencyKey),
                new() { Value = schedule.RequestDigest },
                Moment(schedule.NextRunAt),
                new() { Value = schedule.CreatedAt.UtcDateTime },
            },
        };
        return await command.ExecuteNonQueryAsync(cancellation) == 1;
    }

    /// <summary>Reads a schedule and keeps others from changing it until the transaction ends; null if there is none.</summary>
    public static async Task<Schedule?> LockAsync(NpgsqlConnection connection, string id, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand($"select {Columns} from schedules where id = $1 for update", connection);
        command.Parameters.Add(new() { Value = id });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? Read(reader) : null;
    }

    /// <summary>Writes what may change about a schedule.</summary>
    public static async Task UpdateAsync(NpgsqlConnection connection, Schedule schedule, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("update schedules set spec = $2, next_run_at = $3, last_run = $4 where id = $1", connection)
        {
            Parameters = { new() { Value = schedule.Id }, JobRows.Document(schedule.Spec), Moment(schedule.NextRunAt), new() { Value = schedule.LastRun } },
        };
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Removes a schedule with its runs; their jobs stay.</summary>
    /// <returns>Whether it was there.</returns>
    public static async Task<bool> DeleteAsync(NpgsqlConnection connection, string id, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("delete from schedules where id = $1", connection);
        command.Parameters.Add(new() { Value = id });
        return await command.ExecuteNonQueryAsync(cancellation) == 1;
    }

    /// <summary>Records a run.</summary>
    public static async Task InsertRunAsync(NpgsqlConnection connection, ScheduleRun run, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            "insert into schedule_runs (schedule_id, number, manual, scheduled_at, seed_offset, outcome, reason) values ($1, $2, $3, $4, $5, $6, $7)", connection)
        {
            Parameters =
            {
                new() { Value = run.ScheduleId },
                new() { Value = run.Number },
                new() { Value = run.Manual },
                new() { Value = run.ScheduledAt.UtcDateTime },
                new() { NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer, Value = (object?)run.SeedOffset ?? DBNull.Value },
                new() { Value = Words.Of(run.Outcome) },
                JobRows.Text(run.Reason),
            },
        };
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Writes what became of a pending run; a run has one outcome for good.</summary>
    public static async Task SettleAsync(
        NpgsqlDataSource database, string id, int number, RunOutcome outcome, string? reason, string? job, string? benchmark, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            "update schedule_runs set outcome = $3, reason = $4, job_id = $5, benchmark_id = $6 where schedule_id = $1 and number = $2 and outcome = 'pending'");
        NpgsqlParameter[] parameters = [new() { Value = id }, new() { Value = number }, new() { Value = Words.Of(outcome) }, JobRows.Text(reason), JobRows.Text(job), JobRows.Text(benchmark)];
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Runs before a number that have not ended, the latest first.</summary>
    public static async Task<List<RunRow>> LiveAsync(NpgsqlConnection connection, string id, int before, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"""
            select {RunColumns}, null from schedule_runs run {Submitted}
            where run.schedule_id = $1 and run.number < $2 and (run.outcome = 'pending' or job.state not in ({Ended}) or cells.live > 0) order by run.number desc
            """, connection)
        {
            Parameters = { new() { Value = id }, new() { Value = before } },
        };
        return await ReadRunsAsync(command, cancellation);
    }

    /// <summary>Runs before a number with the reports of their jobs, the latest first.</summary>
    public static async Task<List<RunRow>> RunsAsync(
        NpgsqlDataSource database, string id, int before, int take, bool succeededOnly, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select {RunColumns}, job.report from schedule_runs run {Submitted}
            where run.schedule_id = $1 and run.number < $2 {(succeededOnly ? "and (job.state = 'succeeded' or (cells.live = 0 and cells.succeeded > 0 and benchmark.cancelled_at is null))" : "")}
            order by run.number desc limit $3
            """);
        NpgsqlParameter[] parameters = [new() { Value = id }, new() { Value = before }, new() { Value = take }];
        command.Parameters.AddRange(parameters);
        return await ReadRunsAsync(command, cancellation);
    }

    /// <summary>
    /// The numbers of benchmarks, row by row: means over seeds, of rows whose every job succeeded. A mean over fewer seeds would not
    /// compare with one over all.
    /// </summary>
    public static async Task<ILookup<string, (string Row, double? Best, double? Last, double? Seconds)>> BenchmarkNumbersAsync(
        NpgsqlDataSource database, IEnumerable<string> benchmarks, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            select cell.benchmark_id, line.label, avg((report #>> '{models,-1,best,accuracy}')::float8),
                   avg((report #>> '{models,-1,last,accuracy}')::float8), avg((report ->> 'seconds')::float8)
            from benchmark_cells cell
            join benchmark_rows line on line.benchmark_id = cell.benchmark_id and line.number = cell.row_number
            left join jobs on jobs.id = cell.job_id
            where cell.benchmark_id = any($1)
            group by cell.benchmark_id, line.number, line.label having bool_and(coalesce(state, '') = 'succeeded') order by line.number
            """);
        command.Parameters.Add(new() { Value = benchmarks.ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<(string Benchmark, (string, double?, double?, double?) Numbers)> rows = [];
        while (await reader.ReadAsync(cancellation)) rows.Add((reader.GetString(0), (reader.GetString(1), Number(reader, 2), Number(reader, 3), Number(reader, 4))));
        return rows.ToLookup(row => row.Benchmark, row => row.Numbers);
    }

    private static double? Number(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetDouble(column);

    /// <summary>One schedule and its latest run; null if there is none.</summary>
    public static async Task<(Schedule Schedule, RunRow? LastRun)?> FindAsync(NpgsqlDataSource database, string id, CancellationToken cancellation) =>
        await SelectAsync(database, "where schedule.id = $1", [new() { Value = id }], cancellation) is [var found] ? found : null;

    /// <summary>Schedules with their latest runs, newest first.</summary>
    public static Task<List<(Schedule Schedule, RunRow? LastRun)>> ListAsync(NpgsqlDataSource database, string? before, int take, CancellationToken cancellation) =>
        SelectAsync(database, "where $1::text is null or schedule.id < $1 order by schedule.id desc limit $2", [JobRows.Text(before), new() { Value = take }], cancellation);

    /// <summary>Schedules that wait for a firing, or whose firing is due.</summary>
    public static async Task<List<Schedule>> AwakeAsync(NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select {Columns} from schedules where next_run_at is not null order by id");
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<Schedule> schedules = [];
        while (await reader.ReadAsync(cancellation)) schedules.Add(Read(reader));
        return schedules;
    }

    /// <summary>Runs whose submission is still to be made.</summary>
    public static async Task<List<(string Id, int Number)>> PendingAsync(NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand("select schedule_id, number from schedule_runs where outcome = 'pending' order by schedule_id, number");
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<(string, int)> runs = [];
        while (await reader.ReadAsync(cancellation)) runs.Add((reader.GetString(0), reader.GetInt32(1)));
        return runs;
    }

    /// <summary>The schedule that a key belongs to, and the digest of the request that made it.</summary>
    public static async Task<(string Id, string Digest)?> FindByKeyAsync(NpgsqlDataSource database, string key, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand("select id, request_digest from schedules where idempotency_key = $1");
        command.Parameters.Add(new() { Value = key });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? (reader.GetString(0), reader.GetString(1)) : null;
    }

    private static async Task<List<(Schedule, RunRow?)>> SelectAsync(
        NpgsqlDataSource database, string which, NpgsqlParameter[] parameters, CancellationToken cancellation)
    {
        var columns = string.Join(", ", Columns.Split(", ").Select(column => $"schedule.{column}"));
        await using var command = database.CreateCommand(
            $"""
            select {RunColumns}, null, {columns} from schedules schedule
            left join schedule_runs run on run.schedule_id = schedule.id and run.number = schedule.last_run
            {Submitted} {which}
            """);
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<(Schedule, RunRow?)> found = [];
        while (await reader.ReadAsync(cancellation)) found.Add((Read(reader, RunRow.Width), reader.IsDBNull(0) ? null : ReadRun(reader)));
        return found;
    }

    private static Schedule Read(DbDataReader reader, int from = 0) => new()
    {
        Id = reader.GetString(from),
        Spec = Json.Read<ScheduleSpec>(reader.GetString(from + 1)),
        RequestDigest = reader.GetString(from + 2),
        NextRunAt = reader.IsDBNull(from + 3) ? null : reader.GetFieldValue<DateTimeOffset>(from + 3),
        LastRun = reader.GetInt32(from + 4),
        CreatedAt = reader.GetFieldValue<DateTimeOffset>(from + 5),
    };

    private static async Task<List<RunRow>> ReadRunsAsync(NpgsqlCommand command, CancellationToken cancellation)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<RunRow> runs = [];
        while (await reader.ReadAsync(cancellation)) runs.Add(ReadRun(reader));
        return runs;
    }

    private static RunRow ReadRun(DbDataReader reader) => new()
    {
        Number = reader.GetInt32(0),
        Manual = reader.GetBoolean(1),
        ScheduledAt = reader.GetFieldValue<DateTimeOffset>(2),
        SeedOffset = reader.IsDBNull(3) ? null : reader.GetInt32(3),
        Outcome = Words.Parse<RunOutcome>(reader.GetString(4)),
        Reason = reader.IsDBNull(5) ? null : reader.GetString(5),
        Job = reader.IsDBNull(6) ? null : reader.GetString(6),
        State = reader.IsDBNull(7) ? null : Words.Parse<JobState>(reader.GetString(7)),
        FinishedAt = reader.IsDBNull(8) ? null : reader.GetFieldValue<DateTimeOffset>(8),
        Failure = reader.IsDBNull(9) ? null : reader.GetString(9),
        Benchmark = reader.IsDBNull(10) ? null : reader.GetString(10),
        Cells = reader.IsDBNull(10) ? null : new CellCounts(reader.GetInt64(11), reader.GetInt64(12), reader.GetInt64(13), reader.GetBoolean(14)),
        Report = reader.IsDBNull(15) ? null : Json.Read<RunReport>(reader.GetString(15)),
    };

    private static NpgsqlParameter Moment(DateTimeOffset? moment) =>
        new() { NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz, Value = (object?)moment?.UtcDateTime ?? DBNull.Value };
}

/// <summary>How the jobs of a run's benchmark stand.</summary>
/// <param name="Jobs">How many there are, or will be.</param>
/// <param name="Succeeded">How many have succeeded.</param>
/// <param name="Live">How many have not ended, or are still to be submitted.</param>
/// <param name="Cancelled">Whether the benchmark was cancelled.</param>
internal sealed record CellCounts(long Jobs, long Succeeded, long Live, bool Cancelled);

/// <summary>A run and how its job or benchmark stands.</summary>
internal sealed record RunRow
{
    /// <summary>Columns that a run is read from.</summary>
    public const int Width = 16;

    public required int Number { get; init; }

    public required bool Manual { get; init; }

    public required DateTimeOffset ScheduledAt { get; init; }

    public int? SeedOffset { get; init; }

    public required RunOutcome Outcome { get; init; }

    public string? Reason { get; init; }

    public string? Job { get; init; }

    public JobState? State { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public string? Failure { get; init; }

    public string? Benchmark { get; init; }

    /// <summary>The jobs of the benchmark.</summary>
    public CellCounts? Cells { get; init; }

    public RunReport? Report { get; init; }
}
