using KdService.Core.Jobs;

namespace KdService.Distillation;

/// <summary>A run cannot go on for a reason that has a stable code; everything else that is thrown is a fault of the program.</summary>
public sealed class RunException(FailureCode code, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Why.</summary>
    public FailureCode Code { get; } = code;

    /// <summary>The optimiser step at fault, from 1 over the whole plan; null where no step is.</summary>
    public long? Step { get; init; }
}
