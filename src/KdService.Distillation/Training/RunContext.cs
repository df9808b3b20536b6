using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Runs;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>What every part of a run shares.</summary>
internal sealed record RunContext
{
    /// <summary>What was asked for.</summary>
    public required RunRequest Request { get; init; }

    /// <summary>The work folder.</summary>
    public required string Folder { get; init; }

    /// <summary>What the run is on.</summary>
    public required TrainerEnvironment Environment { get; init; }

    /// <summary>Where tensors live.</summary>
    public required Device Device { get; init; }

    /// <summary>The plan's samples.</summary>
    public required TrainingData Data { get; init; }

    /// <summary>How far the run is.</summary>
    public required ProgressReporter Progress { get; init; }

    /// <summary>Takes the run's events.</summary>
    public required Action<TrainerEvent> Emit { get; init; }

    /// <summary>The log.</summary>
    public required ILogger Log { get; init; }

    /// <summary>Asks the run to stop; long work looks at it every second or so.</summary>
    public required CancellationToken Stop { get; init; }

    /// <summary>The plan.</summary>
    public Plan Plan => Request.Plan;

    /// <summary>The plan's data, with the folder of their vocabulary where that came with an imported model.</summary>
    public Dataset Dataset => Locate(Request, Folder);

    /// <summary>The plan's data, with the folder of their vocabulary where that came with an imported model.</summary>
    public static Dataset Locate(RunRequest request, string folder) => request.Plan.Dataset is TextDataset { Imported: { Model: { } model } vocabulary } texts
        ? texts with { Imported = vocabulary with { Folder = FolderOf(request, folder, model) } }
        : request.Plan.Dataset;

    /// <summary>The folder of an imported model.</summary>
    /// <exception cref="RunException">The request gives none.</exception>
    public string FolderOf(string model) => FolderOf(Request, Folder, model);

    /// <summary>Folder in which kept logits lie.</summary>
    public string SignalFolder => Request.SignalCache ?? Path.Combine(Folder, "signal-cache");

    private static string FolderOf(RunRequest request, string folder, string model) => request.Folders.TryGetValue(model, out var path)
        ? Path.Combine(folder, path)
        : throw new RunException(FailureCode.InvalidPlan, $"folders: no folder of model {model} given; the plan needs it");
}
