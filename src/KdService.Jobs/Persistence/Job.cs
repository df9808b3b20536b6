using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Specs;
using KdService.Core.Wire;

namespace KdService.Jobs.Persistence;

/// <summary>A job's row: the truth about it, of which the scheduler's trigger is a shadow.</summary>
internal sealed record Job
{
    public required string Id { get; init; }

    public required JobState State { get; init; }

    public required string Name { get; init; }

    public required string Queue { get; init; }

    public required Dictionary<string, string> Labels { get; init; }

    public required string Method { get; init; }

    public required string Dataset { get; init; }

    public required string Student { get; init; }

    public string? Teacher { get; init; }

    public required JobSpec Spec { get; init; }

    public required Plan Plan { get; init; }

    /// <summary>The job that trains or trained the teacher.</summary>
    public string? TeacherJobId { get; init; }

    /// <summary>The finished job that this one diagnoses instead of training; null for all others.</summary>
    public string? DiagnosesJobId { get; init; }

    /// <summary>Digest of a teacher's recipe, by which jobs share it; null for jobs that users submit.</summary>
    public string? RecipeDigest { get; init; }

    public string? IdempotencyKey { get; init; }

    public required string RequestDigest { get; init; }

    /// <summary>The number of the present or last attempt, and the fencing token of everything it writes.</summary>
    public int Attempt { get; init; }

    /// <summary>The last attempt that the budget allows: grows with a user's retry, and with attempts that ended through no fault.</summary>
    public required int AttemptLimit { get; init; }

    public required int MaxAttempts { get; init; }

    public string? Node { get; init; }

    /// <summary>The worker process that holds the lease: its node and its start.</summary>
    public string? LeaseHolder { get; init; }

    public DateTimeOffset? LeaseUntil { get; init; }

    /// <summary>The moment before which a queued job does not start.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Seconds that attempts have run since submission or a user's retry.</summary>
    public double SecondsUsed { get; init; }

    public long LastEvent { get; init; }

    public Progress? Progress { get; init; }

    public DateTimeOffset? ProgressAt { get; init; }

    public Dictionary<string, double>? Metrics { get; init; }

    public FailureView? Failure { get; init; }

    public RunReport? Report { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }
}
