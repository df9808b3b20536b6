namespace KdService.Cli;

/// <summary>How <c>kd</c> ends; scripts may rely on these.</summary>
public static class ExitCodes
{
    /// <summary>Done; for a job that was followed, it succeeded.</summary>
    public const int Done = 0;

    /// <summary>The job that was followed failed or was cancelled.</summary>
    public const int JobFailed = 1;

    /// <summary>The command line, or a file named on it, is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The spec or the request was refused; the problems were printed.</summary>
    public const int Refused = 3;

    /// <summary>The service cannot be reached, or the fault is its own.</summary>
    public const int Unavailable = 4;

    /// <summary>Stopped on request with a checkpoint written: the same command goes on from there (EX_TEMPFAIL).</summary>
    public const int Stopped = 75;

    /// <summary>Ended by Ctrl-C or a signal; nothing is left running.</summary>
    public const int Interrupted = 130;
}
