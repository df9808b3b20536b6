using System.Data.Common;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Core.Wire;
using Npgsql;
using NpgsqlTypes;

namespace KdService.Jobs.Persistence;

/// <summary>Job rows in SQL: the insert, and the reads that many clients poll.</summary>
internal static class JobRows
{
    private const string ListColumns =
        """
        id, name, state, labels, queue, method, dataset, student, teacher, teacher_job_id, attempt, max_attempts, node,
        created_at, started_at, finished_at, progress, progress_at, metrics, failure, diagnoses_job_id
        """;

    /// <summary>Inserts a new job, and its first event, unless its idempotency key, its recipe or its diagnosis is taken.</summary>
    /// <returns>Whether it was inserted.</returns>
    public static async Task<bool> InsertAsync(NpgsqlConnection connection, Job job, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            with inserted as (
                insert into jobs (id, state, name, queue, labels, method, dataset, student, teacher, spec, plan, teacher_job_id,
                                  diagnoses_job_id, recipe_digest, idempotency_key, request_digest, attempt_limit, max_attempts, created_at, last_event)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 1)
                on conflict do nothing
                returning id, state, created_at)
            insert into job_events (job_id, id, type, attempt, at, data)
            select id, 1, 'state', 0, created_at, jsonb_build_object('to', state) from inserted
            """, connection)
        {
            Parameters =
            {
                new() { Value = job.Id },
                new() { Value = Words.Of(job.State) },
                new() { Value = job.Name },
                new() { Value = job.Queue },
                Document(job.Labels),
                new() { Value = job.Method },
                new() { Value = job.Dataset },
                new() { Value = job.Student },
                Text(job.Teacher),
                Document(job.Spec),
                Document(job.Plan),
                Text(job.TeacherJobId),
                Text(job.DiagnosesJobId),
                Text(job.RecipeDigest),
                Text(job.IdempotencyKey),
                new() { Value = job.RequestDigest },
                new() { Value = job.AttemptLimit },
                new() { Value = job.MaxAttempts },
                new() { Value = job.CreatedAt.UtcDateTime },
            },
        };
        return await command.ExecuteNonQueryAsync(cancellation) == 1;
    }

    /// <summary>One job with its spec, plan, report and log; null if there is none.</summary>
    public static async Task<JobView?> FindAsync(NpgsqlDataSource database, string id, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select {ListColumns}, spec, plan, report from jobs where id = $1");
        command.Parameters.Add(new() { Value = id });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation)) return null;
        return Read(reader) with
        {
            Failure = Parse<FailureView>(reader, 19),
            Spec = Parse<JobSpec>(reader, 21),
            Plan = Parse<Plan>(reader, 22),
            Report = Parse<RunReport>(reader, 23),
        };
    }

    /// <summary>One job with its log but without its spec, plan and report, and whether it has a report; null if there is none.</summary>
    public static async Task<(JobView Job, bool Reported)?> FindMovingAsync(NpgsqlDataSource database, string id, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select {ListColumns}, report is not null from jobs where id = $1");
        command.Parameters.Add(new() { Value = id });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation)) return null;
        return (Read(reader) with { Failure = Parse<FailureView>(reader, 19) }, reader.GetBoolean(21));
    }

    /// <summary>A job's spec and the state of its teacher's job, if it has one.</summary>
    public static async Task<(JobSpec Spec, JobState? Teacher)> TeacherOfAsync(NpgsqlConnection connection, string id, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            "select jobs.spec, teacher.state from jobs left join jobs teacher on teacher.id = jobs.teacher_job_id where jobs.id = $1", connection);
        command.Parameters.Add(new() { Value = id });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation)) throw new JobNotFoundException(id);
        return (Parse<JobSpec>(reader, 0)!, reader.IsDBNull(1) ? null : Words.Parse<JobState>(reader.GetString(1)));
    }

    /// <summary>Jobs, newest first.</summary>
    public static async Task<List<JobView>> ListAsync(NpgsqlDataSource database, JobFilter filter, string? before, int take, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand();
        List<string> conditions = [];
        void Where(string condition, NpgsqlParameter value)
        {
            command.Parameters.Add(value);
            conditions.Add(string.Format(condition, $"${command.Parameters.Count}"));
        }

        if (before is not null) Where("id < {0}", new() { Value = before });
        if (filter.Statuses is { Count: > 0 } states) Where("state = any({0})", new() { Value = states.Select(Words.Of).ToArray() });
        if (filter.Method is { } method) Where("method = {0}", new() { Value = method });
        if (filter.Dataset is { } dataset) Where("dataset = {0}", new() { Value = dataset });
        if (filter.Student is { } student) Where("student = {0}", new() { Value = student });
        if (filter.Name is { } name) Where("strpos(lower(name), lower({0})) > 0", new() { Value = name });
        if (filter.Labels is { Count: > 0 } labels) Where("labels @> {0}", Document(labels));
        command.Parameters.Add(new() { Value = take });
        command.CommandText =
            $"""
            select {ListColumns} from jobs {(conditions.Count > 0 ? "where " + string.Join(" and ", conditions) : "")}
            order by id desc limit ${command.Parameters.Count}
            """;
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<JobView> jobs = [];
        while (await reader.ReadAsync(cancellation)) jobs.Add(Read(reader));
        return jobs;
    }

    /// <summary>Where a job is and how far; null if there is none.</summary>
    public static async Task<JobProgress?> ProgressAsync(NpgsqlDataSource database, string id, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand("select state, attempt, last_event, progress, progress_at from jobs where id = $1");
        command.Parameters.Add(new() { Value = id });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation)) return null;
        return new JobProgress(
            Words.Parse<JobState>(reader.GetString(0)), reader.GetInt32(1), reader.GetInt64(2), Parse<Progress>(reader, 3), Moment(reader, 4));
    }

    /// <summary>A parameter of type jsonb.</summary>
    public static NpgsqlParameter Document<T>(T? value) where T : class =>
        new() { NpgsqlDbType = NpgsqlDbType.Jsonb, Value = value is null ? DBNull.Value : Json.Write(value) };

    /// <summary>A parameter of type text that may be null.</summary>
    public static NpgsqlParameter Text(string? value) => new() { NpgsqlDbType = NpgsqlDbType.Text, Value = (object?)value ?? DBNull.Value };

    private static JobView Read(DbDataReader reader)
    {
        var state = Words.Parse<JobState>(reader.GetString(2));
        var progress = Parse<Progress>(reader, 16);
        return new JobView
        {
            Id = reader.GetString(0),
            Name = reader.GetString(1),
            Status = state,
            Labels = Parse<Dictionary<string, string>>(reader, 3)!,
            Queue = reader.GetString(4),
            Method = reader.GetString(5),
            Dataset = reader.GetString(6),
            Student = reader.GetString(7),
            Teacher = reader.IsDBNull(8) ? null : reader.GetString(8),
            TeacherJob = reader.IsDBNull(9) ? null : reader.GetString(9),
            Diagnoses = reader.IsDBNull(20) ? null : reader.GetString(20),
            Attempt = reader.GetInt32(10),
            MaxAttempts = reader.GetInt32(11),
            Node = reader.IsDBNull(12) ? null : reader.GetString(12),
            CreatedAt = reader.GetFieldValue<DateTimeOffset>(13),
            StartedAt = Moment(reader, 14),
            FinishedAt = Moment(reader, 15),
            Progress = progress,
            EstimatedFinishAt = state == JobState.Running && progress?.SecondsLeft is { } left ? Moment(reader, 17)?.AddSeconds(left) : null,
            Metrics = Parse<Dictionary<string, double>>(reader, 18),
            Failure = Parse<FailureView>(reader, 19) is { } failure ? failure with { Log = null } : null,
        };
    }

    private static T? Parse<T>(DbDataReader reader, int column) where T : class =>
        reader.IsDBNull(column) ? null : Json.Read<T>(reader.GetString(column));

    private static DateTimeOffset? Moment(DbDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
}

/// <summary>Where a job is and how far.</summary>
internal sealed record JobProgress(JobState State, int Attempt, long LastEvent, Progress? Progress, DateTimeOffset? At);
