using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Core.Weights;
using KdService.Jobs.Lifecycle;
using KdService.Jobs.Persistence;
using KdService.Jobs.Queue;
using Npgsql;
using NpgsqlTypes;

namespace KdService.Jobs.Worker;

/// <summary>
/// What a worker writes of an attempt. Every statement names the attempt and the process that holds its lease, and changes
/// nothing when either has passed to another.
/// </summary>
internal sealed class AttemptStore(
    NpgsqlDataSource database, JobTransactions transactions, JobLifecycle lifecycle, Blobs blobs, WorkerIdentity identity, KdOptions options)
{
    private const string Fence = "id = $1 and attempt = $2 and lease_holder = $3 and state in ('running', 'pausing', 'cancelling')";

    /// <summary>Opens an attempt and takes its lease; null when it is not its turn (cancelled, paused, or taken).</summary>
    public Task<AttemptWork?> OpenAsync(AttemptName name, string device, CancellationToken cancellation) => transactions.RunAsync(async connection =>
    {
        var started = await lifecycle.ApplyAsync(connection, name.JobId, JobTrigger.Start, new Change
        {
            Attempt = name.Number - 1,
            Lease = new NewLease(identity.Node, identity.Holder, options.Lease),
        }, cancellation);
        if (started is null) return null;
        await using var open = new NpgsqlCommand(
            """
            insert into attempts (job_id, number, node, lease_holder, device, started_at) values ($1, $2, $3, $4, $5, now());
            """, connection)
        {
            Parameters = { new() { Value = name.JobId }, new() { Value = name.Number }, new() { Value = identity.Node }, new() { Value = identity.Holder }, new() { Value = device } },
        };
        await open.ExecuteNonQueryAsync(cancellation);
        var work = await ReadAsync(connection, name, device, cancellation);
        // What was measured after the checkpoint will be measured again.
        await using var forget = new NpgsqlCommand(
            "delete from metric_points where job_id = $1 and step > coalesce((select step from checkpoints where job_id = $1 and kind = 'resume'), 0)", connection);
        forget.Parameters.Add(new() { Value = name.JobId });
        await forget.ExecuteNonQueryAsync(cancellation);
        return work;
    }, cancellation);

    /// <summary>Renews the lease; the job's state, or null when the lease is lost.</summary>
    public async Task<JobState?> RenewAsync(AttemptName name, double secondsUsed, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"update jobs set lease_until = now() + $4, seconds_used = $5 where {Fence} returning state");
        AddFence(command.Parameters, name);
        command.Parameters.Add(new() { Value = options.Lease });
        command.Parameters.Add(new() { Value = secondsUsed });
        return await command.ExecuteScalarAsync(cancellation) is string state ? Words.Parse<JobState>(state) : null;
    }

    /// <summary>Stores a batch, all of it or nothing.</summary>
    /// <exception cref="LeaseLostException">The attempt is not this worker's any more.</exception>
    public async Task AppendAsync(AttemptName name, EventBatch batch, CancellationToken cancellation)
    {
        List<string> superseded = [];
        await using (var connection = await database.OpenConnectionAsync(cancellation))
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            var lastEvent = await FenceAsync(connection, name, batch, cancellation);
            await InsertEventsAsync(connection, name, batch, lastEvent - batch.Events.Count, cancellation);
            await UpsertMetricsAsync(connection, name, batch, cancellation);
            if (batch.Checkpoint is { } checkpoint) superseded = await blobs.RegisterAsync(connection, name, checkpoint, cancellation);
            if (batch.Artifact is { } artifact) superseded = await blobs.RegisterAsync(connection, name, artifact, cancellation);
            await transaction.CommitAsync(cancellation);
        }
        foreach (var sha256 in superseded) await blobs.ReleaseAsync(sha256, cancellation);
    }

    /// <summary>Ends the attempt.</summary>
    /// <returns>The job's state, or null when the lease was lost and nothing was written.</returns>
    public async Task<JobState?> CloseAsync(AttemptName name, JobTrigger trigger, Change change, CancellationToken cancellation)
    {
        var state = await transactions.RunAsync(
            connection => lifecycle.ApplyAsync(connection, name.JobId, trigger, change with { Attempt = name.Number }, cancellation), cancellation);
        if (state == JobState.Succeeded) await blobs.ForgetResumeAsync(name.JobId, cancellation);
        return state;
    }

    private static async Task<AttemptWork> ReadAsync(NpgsqlConnection connection, AttemptName name, string device, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            select spec, plan, attempt_limit, seconds_used, teacher_job_id,
                   (select sha256 from checkpoints where job_id = jobs.id and kind = 'resume'),
                   (select sha256 from artifacts where job_id = jobs.teacher_job_id
                    and artifacts.name = 'student.' || coalesce(spec -> 'teacher' ->> 'weights', 'best') || '.safetensors'),
                   diagnoses_job_id is not null,
                   (select sha256 from artifacts where job_id = jobs.diagnoses_job_id and artifacts.name = (plan ->> 'result') || '.best.safetensors')
            from jobs where id = $1
            """, connection);
        command.Parameters.Add(new() { Value = name.JobId });
        AttemptWork work;
        string? teacherWeights, finishedWeights;
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
        {
            await reader.ReadAsync(cancellation);
            teacherWeights = reader.IsDBNull(6) ? null : reader.GetString(6);
            finishedWeights = reader.IsDBNull(8) ? null : reader.GetString(8);
            work = new AttemptWork
            {
                Name = name,
                Device = device,
                Spec = Json.Read<JobSpec>(reader.GetString(0)),
                Plan = Json.Read<Plan>(reader.GetString(1)),
                AttemptLimit = reader.GetInt32(2),
                SecondsUsed = reader.GetDouble(3),
                TeacherJob = reader.IsDBNull(4) ? null : reader.GetString(4),
                Resume = reader.IsDBNull(5) ? null : reader.GetString(5),
                DiagnosisOnly = reader.GetBoolean(7),
            };
        }
        work = work with { Folders = await FoldersAsync(connection, work.Plan, cancellation) };
        var inputs = new Dictionary<string, string>();
        if (teacherWeights is not null) inputs[PlanBuilder.Teacher] = teacherWeights;
        if (finishedWeights is not null) inputs[work.Plan.Result] = finishedWeights;
        if (work.DiagnosisOnly || work.TeacherJob is null) return work with { Inputs = inputs };
        foreach (var (epoch, sha256) in await TeacherCheckpoints.OfAsync(connection, work.TeacherJob, cancellation))
            if (work.Plan.TeacherCheckpoints.Contains(epoch)) inputs[Curriculum.InputOf(PlanBuilder.Teacher, epoch)] = sha256;
        return work with { Inputs = inputs };
    }

    private static async Task<IReadOnlyDictionary<string, IReadOnlyList<ImportedFile>?>> FoldersAsync(NpgsqlConnection connection, Plan plan, CancellationToken cancellation)
    {
        var folders = plan.ImportedModels.ToDictionary(id => id, IReadOnlyList<ImportedFile>? (_) => null);
        if (folders.Count == 0) return folders;
        await using var command = new NpgsqlCommand("select id, facts from models where id = any($1)", connection);
        command.Parameters.Add(new() { Value = folders.Keys.ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) folders[reader.GetString(0)] = Json.Read<ImportedModel>(reader.GetString(1)).Files;
        return folders;
    }

    private void AddFence(NpgsqlParameterCollection parameters, AttemptName name)
    {
        parameters.Add(new() { Value = name.JobId });
        parameters.Add(new() { Value = name.Number });
        parameters.Add(new() { Value = identity.Holder });
    }

    /// <summary>Takes the job's row and the numbers of the batch's events.</summary>
    private async Task<long> FenceAsync(NpgsqlConnection connection, AttemptName name, EventBatch batch, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"""
            with fenced as (
                update jobs set last_event = last_event + $4,
                    progress = coalesce($5, progress),
                    progress_at = case when $5 is null then progress_at else now() end,
                    metrics = case when $6 is null then metrics else coalesce(metrics, jsonb_build_object()) || $6 end
                where {Fence} returning last_event)
            select last_event, pg_notify('{JobEvents.Channel}', $1) from fenced
            """, connection);
        AddFence(command.Parameters, name);
        command.Parameters.Add(new() { Value = (long)batch.Events.Count });
        command.Parameters.Add(JobRows.Document(batch.Progress));
        command.Parameters.Add(JobRows.Document(batch.LatestMetrics));
        return await command.ExecuteScalarAsync(cancellation) as long? ?? throw new LeaseLostException(name);
    }

    private static async Task InsertEventsAsync(
        NpgsqlConnection connection, AttemptName name, EventBatch batch, long numbersFrom, CancellationToken cancellation)
    {
        if (batch.Events.Count == 0) return;
        await using var command = new NpgsqlCommand(
            """
            insert into job_events (job_id, id, type, attempt, at, data)
            select $1, $2 + ordinality, type, $3, at, data from unnest($4, $5, $6) with ordinality as event (type, at, data, ordinality)
            """, connection)
        {
            Parameters =
            {
                new() { Value = name.JobId },
                new() { Value = numbersFrom },
                new() { Value = name.Number },
                new() { Value = batch.Events.Select(stored => stored.Type).ToArray() },
                new() { Value = batch.Events.Select(stored => stored.At.UtcDateTime).ToArray() },
                new() { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb, Value = batch.Events.Select(stored => stored.Data).ToArray() },
            },
        };
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task UpsertMetricsAsync(NpgsqlConnection connection, AttemptName name, EventBatch batch, CancellationToken cancellation)
    {
        if (batch.Metrics.Count == 0) return;
        await using var command = new NpgsqlCommand(
            """
            insert into metric_points (job_id, name, step, value, epoch, stage)
            select $1, * from unnest($2, $3, $4, $5, $6)
            on conflict (job_id, name, step) do update set value = excluded.value, epoch = excluded.epoch, stage = excluded.stage
            """, connection)
        {
            Parameters =
            {
                new() { Value = name.JobId },
                new() { Value = batch.Metrics.Keys.Select(point => point.Name).ToArray() },
                new() { Value = batch.Metrics.Keys.Select(point => point.Step).ToArray() },
                new() { Value = batch.Metrics.Values.Select(point => point.Value).ToArray() },
                new() { Value = batch.Metrics.Values.Select(point => point.Epoch).ToArray() },
                new() { Value = batch.Metrics.Values.Select(point => point.Stage).ToArray() },
            },
        };
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
