using KdService.Core.Jobs;

namespace KdService.Jobs;

/// <summary>The service is not set up such that it could start; the message names the setting, what was given and what would be right.</summary>
public class ConfigurationException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>No job has this id.</summary>
public sealed class JobNotFoundException(string id) : Exception($"there is no job {id}")
{
    /// <summary>The id that was asked for.</summary>
    public string JobId { get; } = id;
}

/// <summary>What was asked for may not happen to a job in its present state.</summary>
public sealed class InvalidTransitionException(string id, JobTrigger trigger, JobState state, string? reason = null)
    : Exception(reason ?? $"job {id} is {Words.Of(state)}; {Words.Of(trigger)} is for jobs that are {string.Join(", ", JobTransitions.Sources(trigger).Select(Words.Of))}")
{
    /// <summary>The job.</summary>
    public string JobId { get; } = id;

    /// <summary>What was asked for.</summary>
    public JobTrigger Trigger { get; } = trigger;

    /// <summary>The state that the job is in.</summary>
    public JobState State { get; } = state;

    /// <summary>The states in which it would be permitted.</summary>
    public IReadOnlyList<JobState> Allowed { get; } = JobTransitions.Sources(trigger);
}

/// <summary>A job has nothing that could be diagnosed; the message says why.</summary>
public sealed class NotDiagnosableException(string message) : Exception(message);

/// <summary>No schedule has this id.</summary>
public sealed class ScheduleNotFoundException(string id) : Exception($"there is no schedule {id}")
{
    /// <summary>The id that was asked for.</summary>
    public string ScheduleId { get; } = id;
}

/// <summary>An idempotency key came a second time with another request.</summary>
/// <param name="key">The key.</param>
/// <param name="id">What the first request made.</param>
/// <param name="kind">What that is: a job, a schedule, a benchmark.</param>
public sealed class IdempotencyConflictException(string key, string id, string kind = "job")
    : Exception($"idempotency key '{key}' was used for {kind} {id} with another body; use a new key for a new {kind}")
{
    /// <summary>The key.</summary>
    public string Key { get; } = key;

    /// <summary>The id of what the key belongs to.</summary>
    public string Id { get; } = id;
}
