using KdService.Core.Plans;

namespace KdService.Core.Runs;

/// <summary>
/// What the trainer is told: <c>run.json</c> in its work folder. All paths are relative to that folder except the data root and the
/// signal cache, which are the node's.
/// </summary>
public sealed record RunRequest
{
    /// <summary>The file's name in the work folder.</summary>
    public const string FileName = "run.json";

    /// <summary>The job.</summary>
    public required string JobId { get; init; }

    /// <summary>The attempt; every event carries it.</summary>
    public required int Attempt { get; init; }

    /// <summary>What to do.</summary>
    public required Plan Plan { get; init; }

    /// <summary>Torch device: <c>cpu</c>, <c>cuda:0</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>CPU threads; all cores of the process when null.</summary>
    public int? Threads { get; init; }

    /// <summary>Where data sets lie.</summary>
    public required string DataRoot { get; init; }

    /// <summary>Folder in which teacher logits are kept for other jobs of this node too; null keeps them in the work folder.</summary>
    public string? SignalCache { get; init; }

    /// <summary>Safetensors files with weights, by the names that models of the plan give (<see cref="ModelPlan.WeightsInput"/>).</summary>
    public Dictionary<string, string> Inputs { get; init; } = [];

    /// <summary>Hugging Face folders of imported models, by the ids that the plan gives (<see cref="Plan.ImportedModels"/>).</summary>
    public Dictionary<string, string> Folders { get; init; } = [];

    /// <summary>
    /// Train nothing: diagnose the teacher's signal with the finished student, whose weights are the input named as the plan's result.
    /// </summary>
    public bool DiagnosisOnly { get; init; }

    /// <summary>The resume checkpoint to go on from; null to start.</summary>
    public string? Resume { get; init; }

    /// <summary>Write a resume checkpoint at least so often, besides one after every epoch.</summary>
    public double CheckpointSeconds { get; init; } = 60;
}

/// <summary>How the trainer's process ends.</summary>
public static class TrainerExit
{
    /// <summary>The plan is done.</summary>
    public const int Succeeded = 0;

    /// <summary>The spec or the data is at fault: do not retry (EX_DATAERR).</summary>
    public const int SpecOrDataAtFault = 65;

    /// <summary>Stopped on request with a checkpoint written: resumable (EX_TEMPFAIL).</summary>
    public const int Stopped = 75;

    /// <summary>A fault of the trainer or its machine: retry from the last checkpoint.</summary>
    public const int Crashed = 70;
}
