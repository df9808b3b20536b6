using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Specs;
using KdService.Core.Weights;
using KdService.Distillation.Models;
using KdService.Distillation.Training;
using KdService.Distillation.Weights;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Training;

/// <summary>A small run in this process, on one thread.</summary>
internal static class RecordedRun
{
    public const string Network = "plane2";

    public static TrainerEnvironment Environment { get; } =
        new() { LibTorch = __version__, Device = "cpu", Blas = "", CpuCapability = "", Threads = 1, Trainer = "test" };

    /// <summary>A plan on 144 training and 16 selection pictures, 9 steps an epoch.</summary>
    public static Plan Plan(Method method, int epochs, Optimizer? optimizer = null, Func<JobSpec, JobSpec>? change = null, IReadOnlyDictionary<string, ImportedModel>? models = null)
    {
        var spec = new JobSpec
        {
            Seed = 3,
            Dataset = new Procedural { Samples = 160, TestSamples = 100, Views = 2 },
            Teacher = method.NeedsTeacher ? new TeacherSpec { Model = Network } : null,
            Student = new StudentSpec { Model = Network },
            Method = method,
            Training = new TrainingSpec { Epochs = epochs, BatchSize = 16, Optimizer = optimizer ?? new Sgd { LearningRate = 0.05, Nesterov = true } },
        };
        return PlanBuilder.Compile(change?.Invoke(spec) ?? spec, models: models);
    }

    /// <summary>Runs a plan in a folder, where imported models lie in folders by their ids.</summary>
    /// <returns>Whether it came to its end.</returns>
    public static bool Of(Plan plan, string folder, Action<TrainerEvent> happened, string? resume = null, double checkpointSeconds = 60, ILogger? log = null, CancellationToken stop = default)
    {
        set_num_threads(1);
        var weights = Path.Combine(folder, "teacher.safetensors");
        if (plan.Teacher is { } teacher && !File.Exists(weights))
        {
            using var network = Networks.Build(teacher.Architecture, plan.Dataset.Shape, seed: 5);
            WeightsFile.Save(network, weights);
        }
        var inputs = new Dictionary<string, string> { [PlanBuilder.Teacher] = "teacher.safetensors" };
        foreach (var epoch in plan.TeacherCheckpoints)
        {
            // Where its training has arrived the teacher is itself, before that another.
            using var checkpoint = Networks.Build(plan.Teacher!.Architecture, plan.Dataset.Shape, seed: epoch == plan.TeacherCheckpoints.Max() ? 5 : 100 + epoch);
            var input = Curriculum.InputOf(PlanBuilder.Teacher, epoch);
            inputs[input] = $"{input}.safetensors";
            WeightsFile.Save(checkpoint, Path.Combine(folder, inputs[input]));
        }
        var request = new RunRequest
        {
            JobId = "test",
            Attempt = resume is null ? 1 : 2,
            Plan = plan,
            DataRoot = folder,
            Resume = resume,
            CheckpointSeconds = checkpointSeconds,
            Inputs = inputs,
            Folders = plan.ImportedModels.ToDictionary(id => id),
        };
        using var run = TrainingRun.Open(request, folder, Environment, happened, log ?? NullLogger.Instance, stop);
        return run.Execute();
    }
}
