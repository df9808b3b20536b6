using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Distillation.Models;
using KdService.Distillation.Models.Text;
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

    /// <summary>The type that networks multiply in: the plan's, where the device is made for it.</summary>
    public required Precision Precision { get; init; }

    /// <summary>The plan's data, with the folder of their vocabulary where that came with an imported model.</summary>
    public Dataset Dataset => Locate(Request, Folder);

    /// <summary>The plan's data, with the folder of their vocabulary where that came with an imported model.</summary>
    public static Dataset Locate(RunRequest request, string folder) => request.Plan.Dataset is TextDataset { Imported: { Model: { } model } vocabulary } texts
        ? texts with { Imported = vocabulary with { Folder = FolderOf(request, folder, model) } }
        : request.Plan.Dataset;

    /// <summary>Builds one of the plan's networks on the CPU, in training mode.</summary>
    /// <param name="model">Which.</param>
    /// <param name="seed">Seed of its weights; null for weights that will be replaced.</param>
    public nn.Module<Tensor, Tensor> Build(ModelPlan model, long? seed = null)
    {
        var network = Networks.Build(model.Architecture, Plan.ShapeOf(model.Id), seed);
        if (network is TextNetwork texts) texts.Precision = Precision;
        if (network is MaskedLanguageModel generator) generator.Precision = Precision;
        return network;
    }

    /// <summary>The folder of an imported model.</summary>
    /// <exception cref="RunException">The request gives none.</exception>
    public string FolderOf(string model) => FolderOf(Request, Folder, model);

    /// <summary>Folder in which kept logits lie.</summary>
    public string SignalFolder => Request.SignalCache ?? Path.Combine(Folder, "signal-cache");

    private static string FolderOf(RunRequest request, string folder, string model) => request.Folders.TryGetValue(model, out var path)
        ? Path.Combine(folder, path)
        : throw new RunException(FailureCode.InvalidPlan, $"folders: no folder of model {model} given; the plan needs it");
}
