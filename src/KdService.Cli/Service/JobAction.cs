namespace KdService.Cli.Service;

/// <summary>What a user may ask of a job; the last part of the request's path.</summary>
public enum JobAction
{
    /// <summary>End it.</summary>
    Cancel,

    /// <summary>Stop it with a checkpoint.</summary>
    Pause,

    /// <summary>Go on after a pause.</summary>
    Resume,

    /// <summary>Try again after a failure or cancellation.</summary>
    Retry,
}
