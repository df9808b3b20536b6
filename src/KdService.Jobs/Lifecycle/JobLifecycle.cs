using KdService.Core.Jobs;
using KdService.Jobs.Persistence;
using KdService.Jobs.Queue;
using Npgsql;
using NpgsqlTypes;

namespace KdService.Jobs.Lifecycle;

/// <summary>
/// Moves jobs from state to state. The database applies Core's table: the update names the permitted states and the attempt,
/// so of two writers one wins and a stale one changes nothing. What a move entails (event, queue, jobs that wait) is done in
/// the caller's transaction.
/// </summary>
internal sealed class JobLifecycle(IJobEngine engine)
{
    /// <summary>Applies a trigger to a job.</summary>
    /// <returns>The new state, or null when the trigger may not happen now: no such job, another state, or a stale attempt.</returns>
    public async Task<JobState?> ApplyAsync(
        NpgsqlConnection connection, string id, JobTrigger trigger, Change change, CancellationToken cancellation)
    {
        if (await UpdateAsync(connection, id, trigger, change, cancellation) is not { } moved) return null;
        if (moved.From.HoldsSlot() && !moved.To.HoldsSlot()) await EndAttemptAsync(connection, id, moved, trigger, change, cancellation);
        await AppendStateEventAsync(connection, id, moved, trigger, change, cancellation);
        if (moved.To.IsTerminal()) await ReleaseDependentsAsync(connection, id, moved.To, cancellation);

        // The queue last: it takes a lock of its own that all nodes contend for, until the commit.
        var next = new AttemptName(id, moved.Attempt + 1);
        if (moved.To == JobState.Queued) await engine.ScheduleAsync(new ScheduledAttempt(next, moved.Queue, moved.Rank), cancellation);
        else if (moved.From == JobState.Queued && trigger != JobTrigger.Start) await engine.UnscheduleAsync(next, cancellation);
        return moved.To;
    }

    /// <summary>Lines up a job whose row was just inserted as queued.</summary>
    public Task ScheduleAsync(Job job, CancellationToken cancellation) =>
        engine.ScheduleAsync(new ScheduledAttempt(new AttemptName(job.Id, job.Attempt + 1), job.Queue, job.CreatedAt), cancellation);

    private static async Task<Moved?> UpdateAsync(
        NpgsqlConnection connection, string id, JobTrigger trigger, Change change, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Update(trigger), connection)
        {
            Parameters =
            {
                new() { Value = id },
                new() { NpgsqlDbType = NpgsqlDbType.Integer, Value = (object?)change.Attempt ?? DBNull.Value },
                JobRows.Document(change.Failure),
                JobRows.Document(change.Report),
                new() { NpgsqlDbType = NpgsqlDbType.Interval, Value = (object?)change.Delay ?? DBNull.Value },
                new() { Value = change.NoFault ? 1 : 0 },
                JobRows.Text(change.Lease?.Node),
                JobRows.Text(change.Lease?.Holder),
                new() { NpgsqlDbType = NpgsqlDbType.Interval, Value = (object?)change.Lease?.Length ?? DBNull.Value },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation)) return null;
        return new Moved(
            Words.Parse<JobState>(reader.GetString(0)),
            Words.Parse<JobState>(reader.GetString(1)),
            reader.GetInt32(2),
            reader.GetInt64(3),
            reader.GetString(4),
            reader.GetFieldValue<DateTimeOffset>(5));
    }

    private static string Update(JobTrigger trigger)
    {
        var moves = JobTransitions.Table.Where(entry => entry.Key.Trigger == trigger).ToList();
        var next = string.Join(' ', moves.Select(entry => $"when '{Words.Of(entry.Key.From)}' then '{Words.Of(entry.Value)}'"));
        var extra = trigger switch
        {
            JobTrigger.Start => "attempt = jobs.attempt + 1, node = $7, lease_holder = $8, lease_until = now() + $9, started_at = coalesce(started_at, now())",
            // A user's retry begins the budgets of attempts and of time anew.
            JobTrigger.Retry => "attempt_limit = jobs.attempt + max_attempts, seconds_used = 0",
            _ => $"""
                attempt_limit = attempt_limit + $6,
                lease_holder = case when next in ({In(JobStates.HoldingSlot)}) then lease_holder end,
                lease_until = case when next in ({In(JobStates.HoldingSlot)}) then lease_until end
                """,
        };
        return
            $"""
            update jobs set state = next, last_event = last_event + 1,
                not_before = case when next = 'queued' then now() + $5 end,
                failure = case when next = 'failed' then $3 end,
                report = coalesce($4, report),
                finished_at = case when next in ({In(JobStates.Terminal)}) then now() end,
                {extra}
            from (select id as moving, state as was, case state {next} end as next
                  from jobs where id = $1 and ($2::integer is null or attempt = $2) for update) as move
            where id = moving and next is not null
            returning was, next, attempt, last_event, queue, greatest(created_at, not_before)
            """;
    }

    private static string In(IEnumerable<JobState> states) => string.Join(", ", states.Select(state => $"'{Words.Of(state)}'"));

    private static async Task EndAttemptAsync(
        NpgsqlConnection connection, string id, Moved moved, JobTrigger trigger, Change change, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            "update attempts set ended_at = now(), outcome = $3, exit_code = $4, log = coalesce($5, log) where job_id = $1 and number = $2", connection)
        {
            Parameters =
            {
                new() { Value = id },
                new() { Value = moved.Attempt },
                new() { Value = Words.Of(trigger) },
                new() { NpgsqlDbType = NpgsqlDbType.Integer, Value = (object?)change.ExitCode ?? DBNull.Value },
                new() { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text, Value = (object?)change.Log ?? DBNull.Value },
            },
        };
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task AppendStateEventAsync(
        NpgsqlConnection connection, string id, Moved moved, JobTrigger trigger, Change change, CancellationToken cancellation)
    {
        var data = new Dictionary<string, object>
        {
            ["from"] = Words.Of(moved.From),
            ["to"] = Words.Of(moved.To),
            ["trigger"] = Words.Of(trigger),
        };
        if (change.Reason is { } reason) data["reason"] = reason;
        if (change.Failure is { } failure) data["failure"] = failure with { Log = null };
        await JobEvents.AppendStateAsync(connection, id, moved.EventId, moved.Attempt, moved.To.IsTerminal(), data, cancellation);
    }

    /// <summary>Moves the jobs that waited for this one.</summary>
    private async Task ReleaseDependentsAsync(NpgsqlConnection connection, string id, JobState ended, CancellationToken cancellation)
    {
        List<string> waiting = [];
        await using (var command = new NpgsqlCommand("select id from jobs where teacher_job_id = $1 and state = 'waiting' order by id", connection))
        {
            command.Parameters.Add(new() { Value = id });
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation)) waiting.Add(reader.GetString(0));
        }
        foreach (var dependent in waiting) await ReleaseAsync(connection, dependent, id, ended, cancellation);
    }

    /// <summary>Moves a waiting job whose teacher's job has ended.</summary>
    public async Task<JobState?> ReleaseAsync(NpgsqlConnection connection, string id, string teacherJob, JobState ended, CancellationToken cancellation)
    {
        if (ended == JobState.Succeeded) return await ApplyAsync(connection, id, JobTrigger.DependencySucceeded, new Change(), cancellation);
        await using var command = new NpgsqlCommand("select failure ->> 'message' from jobs where id = $1", connection);
        command.Parameters.Add(new() { Value = teacherJob });
        var why = await command.ExecuteScalarAsync(cancellation) is string message ? $": {message}" : "";
        return await ApplyAsync(connection, id, JobTrigger.DependencyFailed, new Change
        {
            Failure = Failures.Of(FailureCode.DependencyFailed, $"its teacher's job {teacherJob} {Words.Of(ended)}{why}"),
        }, cancellation);
    }

    private readonly record struct Moved(JobState From, JobState To, int Attempt, long EventId, string Queue, DateTimeOffset Rank);
}
