namespace KdService.Trainer;

/// <summary>Exit codes beside those of the protocol (<see cref="Core.Runs.TrainerExit"/>).</summary>
internal static class ExitCode
{
    /// <summary>Called in a wrong way (EX_USAGE).</summary>
    public const int Usage = 64;
}
