using System.Collections.Frozen;
using static KdService.Core.Jobs.JobState;
using static KdService.Core.Jobs.JobTrigger;

namespace KdService.Core.Jobs;

/// <summary>The one table of what may happen to a job in which state. The API, the worker and the database all use it.</summary>
public static class JobTransitions
{
    /// <summary>Every permitted transition.</summary>
    public static FrozenDictionary<(JobState From, JobTrigger Trigger), JobState> Table { get; } =
        new Dictionary<(JobState, JobTrigger), JobState>
        {
            [(Waiting, DependencySucceeded)] = Queued,
            [(Waiting, DependencyFailed)] = Failed,
            [(Waiting, Pause)] = Paused,
            [(Waiting, Cancel)] = Cancelled,

            [(Queued, Wait)] = Waiting,
            [(Queued, Start)] = Running,
            [(Queued, Fail)] = Failed,
            [(Queued, Pause)] = Paused,
            [(Queued, Cancel)] = Cancelled,

            [(Running, Succeed)] = Succeeded,
            [(Running, Fail)] = Failed,
            [(Running, Requeue)] = Queued,
            [(Running, Pause)] = Pausing,
            [(Running, Cancel)] = Cancelling,

            // The trainer may finish, or fail, before it hears of the request.
            [(Pausing, Stop)] = Paused,
            [(Pausing, Requeue)] = Paused,
            [(Pausing, Succeed)] = Succeeded,
            [(Pausing, Fail)] = Failed,
            [(Pausing, Cancel)] = Cancelling,

            [(Paused, Resume)] = Queued,
            [(Paused, Cancel)] = Cancelled,

            // Whatever the trainer did meanwhile, the user's word stands.
            [(Cancelling, Stop)] = Cancelled,
            [(Cancelling, Succeed)] = Cancelled,
            [(Cancelling, Fail)] = Cancelled,
            [(Cancelling, Requeue)] = Cancelled,

            [(Failed, Retry)] = Queued,
            [(Cancelled, Retry)] = Queued,
        }.ToFrozenDictionary();

    /// <summary>The state that a trigger leads to, or null if it may not happen in this state.</summary>
    public static JobState? Next(JobState from, JobTrigger trigger) =>
        Table.TryGetValue((from, trigger), out var to) ? to : null;

    /// <summary>The states in which a trigger may happen.</summary>
    public static IReadOnlyList<JobState> Sources(JobTrigger trigger) =>
        [.. Table.Keys.Where(key => key.Trigger == trigger).Select(key => key.From).Order()];

    /// <summary>Whether a job in this state will not move by itself again.</summary>
    public static bool IsTerminal(this JobState state) => state is Succeeded or Failed or Cancelled;

    /// <summary>Whether an attempt holds a slot.</summary>
    public static bool HoldsSlot(this JobState state) => state is Running or Pausing or Cancelling;
}
