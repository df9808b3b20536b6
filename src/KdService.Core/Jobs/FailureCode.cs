namespace KdService.Core.Jobs;

/// <summary>Why a job failed: stable codes to program against.</summary>
public enum FailureCode
{
    /// <summary>The loss became infinite or not a number.</summary>
    Diverged,

    /// <summary>A data file is missing.</summary>
    DataMissing,

    /// <summary>A data file is truncated, has a wrong checksum or impossible content.</summary>
    DataCorrupt,

    /// <summary>Weights do not fit the network they are meant for.</summary>
    WeightsMismatch,

    /// <summary>The device or the machine ran out of memory.</summary>
    OutOfMemory,

    /// <summary>A checkpoint or artifact could not be written because the disk is full.</summary>
    DiskFull,

    /// <summary>The time limit passed.</summary>
    TimeLimit,

    /// <summary>The job it waited for failed or was cancelled.</summary>
    DependencyFailed,

    /// <summary>The plan cannot be carried out by this trainer.</summary>
    InvalidPlan,

    /// <summary>The node lacks something the trainer needs (libtorch, a device).</summary>
    NodeUnfit,

    /// <summary>The trainer died of a fault of its own as often as the job has attempts.</summary>
    TrainerCrashed,
}

/// <summary>What to do about each failure, and whether another attempt could help.</summary>
public static class FailureAdvice
{
    /// <summary>Advice for the job's owner.</summary>
    public static string For(FailureCode code) => code switch
    {
        FailureCode.Diverged => "lower training.optimizer.learning_rate, or add schedule.warmup_epochs; then submit anew",
        FailureCode.DataMissing => "if a data set is missing, put it into the node's data root (GET /v1/datasets says how), then retry; if a model is, submit anew with one that is there",
        FailureCode.DataCorrupt => "if the spec describes the file named in the message otherwise than it is (its rows, columns or labels), change the spec and submit anew; else replace the file by an intact copy, then retry",
        FailureCode.WeightsMismatch => "use a teacher of the same data set and network as the job that trained it",
        FailureCode.OutOfMemory => "lower training.batch_size, or use a node with more memory",
        FailureCode.DiskFull => "free space on the node's work folder, then retry; training goes on from the last checkpoint",
        FailureCode.TimeLimit => "raise resources.time_limit_seconds and submit anew, or retry to go on for as long again",
        FailureCode.DependencyFailed => "see why the job it waited for did not succeed, then retry this one: its teacher is trained again if need be",
        FailureCode.InvalidPlan => "submit the spec anew to this version of the service",
        FailureCode.NodeUnfit => "see the message; the node needs repair, then retry",
        FailureCode.TrainerCrashed => "see the log; retry goes on from the last checkpoint",
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, null),
    };

    /// <summary>Whether the same attempt could succeed at another time or on another node.</summary>
    public static bool MayPass(FailureCode code) => code is FailureCode.TrainerCrashed or FailureCode.DiskFull or FailureCode.NodeUnfit;
}
