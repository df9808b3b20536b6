using KdService.Core.Schedules;

namespace KdService.Jobs.Schedules;

/// <summary>A schedule's row: the truth about when it is due, of which the trigger is a shadow.</summary>
internal sealed record Schedule
{
    public required string Id { get; init; }

    public required ScheduleSpec Spec { get; init; }

    public string? IdempotencyKey { get; init; }

    public required string RequestDigest { get; init; }

    /// <summary>The firing that comes next; it is due from that moment until it has been recorded as a run. Null while the schedule rests, or when its line has come to its end.</summary>
    public DateTimeOffset? NextRunAt { get; init; }

    /// <summary>The number of the latest run.</summary>
    public int LastRun { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>One run of a schedule.</summary>
internal sealed record ScheduleRun
{
    public required string ScheduleId { get; init; }

    public required int Number { get; init; }

    public required bool Manual { get; init; }

    public required DateTimeOffset ScheduledAt { get; init; }

    /// <summary>The number that is added to the spec's seed; null where seeds do not vary.</summary>
    public int? SeedOffset { get; init; }

    public required RunOutcome Outcome { get; init; }

    /// <summary>Why it was skipped or refused.</summary>
    public string? Reason { get; init; }

    public string? JobId { get; init; }

    public string? BenchmarkId { get; init; }
}

/// <summary>What became of a run's submission.</summary>
internal enum RunOutcome
{
    /// <summary>It is still to be made.</summary>
    Pending,

    /// <summary>Left out because an earlier run had not ended.</summary>
    Skipped,

    /// <summary>Made.</summary>
    Submitted,

    /// <summary>The spec could not be carried out any more.</summary>
    Refused,
}
