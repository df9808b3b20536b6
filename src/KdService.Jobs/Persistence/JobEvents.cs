using Npgsql;

namespace KdService.Jobs.Persistence;

/// <summary>
/// Events in SQL. A job's events are numbered by its row (<c>last_event</c>), whose lock every writer holds until it commits: so
/// readers who go on from the last number they saw miss nothing.
/// </summary>
internal static class JobEvents
{
    /// <summary>
    /// The channel on which PostgreSQL tells listeners the id of a job that has new events, and, after a change of state,
    /// <see cref="StateTopic"/> besides: a worker waits for orders, not for the echo of its own writes.
    /// </summary>
    public const string Channel = "kd_jobs";

    /// <summary>What listeners hear when a job's state changed.</summary>
    public static string StateTopic(string jobId) => $"{jobId} state";

    /// <summary>What listeners hear when any job has ended, or a benchmark has come: it may be the turn of another job.</summary>
    public const string TurnTopic = "turn";

    /// <summary>Appends the event of a change of state under a number that the caller took from the job's row.</summary>
    public static async Task AppendStateAsync(
        NpgsqlConnection connection, string jobId, long id, int attempt, bool ended, object data, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            with told as (select pg_notify('kd_jobs', $1), pg_notify('kd_jobs', $5), case when $6 then pg_notify('kd_jobs', 'turn') end)
            insert into job_events (job_id, id, type, attempt, at, data) select $1, $2, 'state', $3, now(), $4 from told
            """, connection)
        {
            Parameters =
            {
                new() { Value = jobId },
                new() { Value = id },
                new() { Value = attempt },
                JobRows.Document(data),
                new() { Value = StateTopic(jobId) },
                new() { Value = ended },
            },
        };
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
