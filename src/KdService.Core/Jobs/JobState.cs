namespace KdService.Core.Jobs;

/// <summary>Where a job is in its life.</summary>
public enum JobState
{
    /// <summary>Waits for another job (its teacher).</summary>
    Waiting,

    /// <summary>Waits for a slot.</summary>
    Queued,

    /// <summary>An attempt holds a slot.</summary>
    Running,

    /// <summary>Asked to pause; the trainer is writing its checkpoint.</summary>
    Pausing,

    /// <summary>Stopped on request, to be resumed from its checkpoint.</summary>
    Paused,

    /// <summary>Asked to cancel; the trainer is being ended.</summary>
    Cancelling,

    /// <summary>Ended well.</summary>
    Succeeded,

    /// <summary>Ended by a fault; may be retried.</summary>
    Failed,

    /// <summary>Ended on request.</summary>
    Cancelled,
}

/// <summary>What can happen to a job.</summary>
public enum JobTrigger
{
    /// <summary>The job it needs has not succeeded yet (after a resume or a retry).</summary>
    Wait,

    /// <summary>The job it waits for succeeded.</summary>
    DependencySucceeded,

    /// <summary>The job it waits for failed or was cancelled.</summary>
    DependencyFailed,

    /// <summary>A worker opened an attempt.</summary>
    Start,

    /// <summary>The trainer finished.</summary>
    Succeed,

    /// <summary>The attempt ended in a way that no retry will mend, or the attempts are used up.</summary>
    Fail,

    /// <summary>The attempt ended (a crash, a lost lease, a shutdown) and another will go on from the last checkpoint.</summary>
    Requeue,

    /// <summary>A user asks to pause.</summary>
    Pause,

    /// <summary>The trainer stopped on request and left a checkpoint, or died while pausing.</summary>
    Stop,

    /// <summary>A user asks to go on after a pause.</summary>
    Resume,

    /// <summary>A user asks to cancel.</summary>
    Cancel,

    /// <summary>A user asks to try again after a failure or cancellation.</summary>
    Retry,
}
