using KdService.Core.Wire;

namespace KdService.Cli.Service;

/// <summary>The service answered, and not with what was asked for.</summary>
public sealed class ServiceProblemException(ProblemView problem) : Exception(problem.Detail ?? problem.Title)
{
    /// <summary>What it said.</summary>
    public ProblemView Problem { get; } = problem;
}

/// <summary>There is no answer to be had from the service.</summary>
public sealed class ServiceUnreachableException(Uri address, Exception cause)
    : Exception($"{address} does not answer ({cause.Message}); start a service with ./kd serve, or name another in KD_URL", cause);
