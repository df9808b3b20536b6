using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Core.Wire;

namespace KdService.Jobs.Lifecycle;

/// <summary>What comes with a transition.</summary>
internal sealed record Change
{
    /// <summary>The attempt that the writer believes in; the transition is refused if the job has moved on. Null for users.</summary>
    public int? Attempt { get; init; }

    /// <summary>Why it happened, for people.</summary>
    public string? Reason { get; init; }

    public FailureView? Failure { get; init; }

    public RunReport? Report { get; init; }

    /// <summary>How long the job stays in line at least.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>The attempt ended through no fault of its own (a pause, a shutdown) and does not count against the budget.</summary>
    public bool NoFault { get; init; }

    /// <summary>The lease that a new attempt takes.</summary>
    public NewLease? Lease { get; init; }

    /// <summary>How the trainer's process ended.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The last lines of the trainer's log.</summary>
    public string[]? Log { get; init; }
}

/// <summary>A lease to take.</summary>
/// <param name="Node">The node.</param>
/// <param name="Holder">The worker process.</param>
/// <param name="Length">Until it expires, unless renewed.</param>
internal sealed record NewLease(string Node, string Holder, TimeSpan Length);

/// <summary>Failures with the advice that belongs to their code.</summary>
internal static class Failures
{
    public static FailureView Of(FailureCode code, string message, long? step = null, IReadOnlyList<string>? log = null) =>
        new() { Code = code, Message = message, Advice = FailureAdvice.For(code), Step = step, Log = log };
}

/// <summary>States by what they mean for the queue.</summary>
internal static class JobStates
{
    public static IReadOnlyList<JobState> HoldingSlot { get; } = [.. Enum.GetValues<JobState>().Where(state => state.HoldsSlot())];

    public static IReadOnlyList<JobState> Terminal { get; } = [.. Enum.GetValues<JobState>().Where(state => state.IsTerminal())];
}
