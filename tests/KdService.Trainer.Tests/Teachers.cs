using System.Collections.Concurrent;
using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Specs;

namespace KdService.Trainer.Tests;

/// <summary>Teachers for the tests, each trained once a test run by the trainer itself.</summary>
public sealed class Teachers : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<WorkFolder>> _trained = new();

    /// <summary>Puts a teacher's weights into a work folder.</summary>
    internal void CopyTo(WorkFolder folder, string architecture = Requests.QuickTeacher) =>
        File.Copy(_trained.GetOrAdd(architecture, name => new(() => Train(name))).Value["student.best.safetensors"], folder["teacher.safetensors"]);

    private static WorkFolder Train(string architecture)
    {
        var folder = new WorkFolder();
        var request = Requests.Of(new JobSpec
        {
            Dataset = new Procedural { Samples = 100, TestSamples = 100 },
            Student = new StudentSpec { Model = architecture },
            Method = new None(),
            Training = new TrainingSpec { Epochs = 1, BatchSize = 32, Optimizer = new Sgd { LearningRate = 0.02 } },
        });
        var (exit, trainer) = folder.Run(request);
        using (trainer) Assert.True(exit == TrainerExit.Succeeded, trainer.Log);
        return folder;
    }

    public void Dispose()
    {
        foreach (var folder in _trained.Values) folder.Value.Dispose();
    }
}

[CollectionDefinition(nameof(SharedTeachers))]
public sealed class SharedTeachers : ICollectionFixture<Teachers>;
