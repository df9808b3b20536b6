using System.Runtime.InteropServices;
using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Distillation;

namespace KdService.Trainer;

/// <summary>What an exception means to the job.</summary>
internal static class Failures
{
    // What PyTorch's allocators say: c10's for the CPU and its caching allocator for CUDA.
    private static readonly string[] OutOfMemoryMessages = ["out of memory", "can't allocate memory", "not enough memory"];

    /// <summary>The stable code of a failure.</summary>
    public static FailureCode Code(Exception failure) => failure switch
    {
        RunException run => run.Code,
        OutOfMemoryException => FailureCode.OutOfMemory,
        ExternalException external when OutOfMemoryMessages.Any(said => external.Message.Contains(said, StringComparison.OrdinalIgnoreCase)) => FailureCode.OutOfMemory,
        DllNotFoundException or BadImageFormatException or EntryPointNotFoundException => FailureCode.NodeUnfit,
        TypeInitializationException { InnerException: { } cause } => Code(cause),
        _ => FailureCode.TrainerCrashed,
    };

    /// <summary>The exit code of a failure: whether the job itself is at fault, or this machine or program.</summary>
    public static int Exit(FailureCode code) => code switch
    {
        FailureCode.Diverged or FailureCode.DataMissing or FailureCode.DataCorrupt or FailureCode.WeightsMismatch or FailureCode.InvalidPlan => TrainerExit.SpecOrDataAtFault,
        _ => TrainerExit.Crashed,
    };
}
