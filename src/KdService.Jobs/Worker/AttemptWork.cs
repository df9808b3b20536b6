using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Specs;
using KdService.Core.Weights;
using KdService.Jobs.Queue;

namespace KdService.Jobs.Worker;

/// <summary>An attempt that was opened, with everything its trainer needs.</summary>
internal sealed record AttemptWork
{
    public required AttemptName Name { get; init; }

    public required string Device { get; init; }

    public required JobSpec Spec { get; init; }

    public required Plan Plan { get; init; }

    /// <summary>The last attempt that the job's budget allows.</summary>
    public required int AttemptLimit { get; init; }

    /// <summary>Seconds that earlier attempts have run.</summary>
    public required double SecondsUsed { get; init; }

    /// <summary>The job that trained the teacher; null without a teacher.</summary>
    public string? TeacherJob { get; init; }

    /// <summary>The weights that the trainer starts from, in the artifact store, by the names that the plan gives them.</summary>
    public IReadOnlyDictionary<string, string> Inputs { get; init; } = new Dictionary<string, string>();

    /// <summary>The files of the imported models that the plan needs, by their ids; null for one that was removed.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<ImportedFile>?> Folders { get; init; } = new Dictionary<string, IReadOnlyList<ImportedFile>?>();

    /// <summary>Whether a finished job is to be diagnosed and nothing trained.</summary>
    public bool DiagnosisOnly { get; init; }

    /// <summary>The checkpoint to go on from in the artifact store; null to start.</summary>
    public string? Resume { get; init; }
}

/// <summary>The attempt is not this worker's any more; nothing it writes counts.</summary>
internal sealed class LeaseLostException(AttemptName name) : Exception($"the lease of attempt {name} is lost");

/// <summary>The attempt cannot be made or finished; carries what the job will say of it.</summary>
internal sealed class AttemptFailedException(FailureCode code, string message, Exception? cause = null) : Exception(message, cause)
{
    public FailureCode Code { get; } = code;
}
