namespace KdService.Cli;

/// <summary>A command cannot go on for a reason its user can act on; printed without a stack trace.</summary>
/// <param name="message">What happened and what would be right.</param>
/// <param name="exitCode">One of <see cref="ExitCodes"/>.</param>
public sealed class CommandFailedException(string message, int exitCode = ExitCodes.Usage) : Exception(message)
{
    /// <summary>How the program ends.</summary>
    public int ExitCode { get; } = exitCode;
}
