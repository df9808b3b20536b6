using System.Data.Common;

namespace KdService.Jobs.Queue;

/// <summary>
/// What the service needs of a queue: to start an attempt once a node that serves the job's queue has a free slot. It owns no
/// truth; what it holds can always be rebuilt from the job rows.
/// </summary>
internal interface IJobEngine
{
    /// <summary>Whether attempts are being started on this node.</summary>
    bool IsRunning { get; }

    /// <summary>Makes the engine's writes on this asynchronous flow part of a transaction; dispose after the commit, so that it looks for work.</summary>
    IDisposable Enlist(DbTransaction transaction);

    /// <summary>Lines an attempt up; replaces what is there under the same name.</summary>
    Task ScheduleAsync(ScheduledAttempt attempt, CancellationToken cancellation);

    /// <summary>Takes an attempt out of the line, if it is there.</summary>
    Task UnscheduleAsync(AttemptName name, CancellationToken cancellation);

    /// <summary>Every attempt in the line or under way.</summary>
    Task<IReadOnlySet<AttemptName>> ListAsync(CancellationToken cancellation);

    /// <summary>Starts no more attempts on this node.</summary>
    Task StandbyAsync(CancellationToken cancellation);
}

/// <summary>Which try at which job.</summary>
internal readonly record struct AttemptName(string JobId, int Number)
{
    public override string ToString() => $"{JobId}.{Number}";

    public static AttemptName Parse(string text) => new(text[..text.IndexOf('.')], int.Parse(text.AsSpan(text.IndexOf('.') + 1)));
}

/// <summary>An attempt to line up.</summary>
/// <param name="Name">Which.</param>
/// <param name="Queue">The line.</param>
/// <param name="Rank">Its place: attempts of a queue start in the order of these moments, and none before its own.</param>
internal sealed record ScheduledAttempt(AttemptName Name, string Queue, DateTimeOffset Rank);
