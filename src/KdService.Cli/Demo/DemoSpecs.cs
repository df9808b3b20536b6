using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Specs;

namespace KdService.Cli.Demo;

/// <summary>
/// The demo's jobs: one small student, trained alone and by three methods from one teacher. The networks are those of the
/// teacher-assistant paper, which on few samples and epochs are far enough apart to see.
/// </summary>
public static class DemoSpecs
{
    private const string Teacher = "plane8";
    private const string Assistant = "plane4";
    private const string Student = "plane2";

    /// <summary>A part of CIFAR-10, so that the demo takes minutes.</summary>
    public static Dataset Cifar { get; } = new Cifar10 { TrainLimit = 8000 };

    /// <summary>What takes its place where CIFAR-10 is not; with less noise than usual, for there is little time to learn.</summary>
    public static Dataset Drawn { get; } = new Procedural { Noise = 0.03 };

    /// <summary>The four jobs.</summary>
    /// <param name="dataset">What to train on.</param>
    /// <param name="epochs">Epochs of the teacher, of the assistant and of each student.</param>
    public static IReadOnlyList<JobSpec> All(Dataset dataset, int epochs)
    {
        var alone = new JobSpec
        {
            Name = $"{Student} alone",
            Dataset = dataset,
            Student = new StudentSpec { Model = Student },
            Method = new None(),
            Training = new TrainingSpec { Epochs = epochs, BatchSize = 64, Optimizer = new Sgd { LearningRate = 0.01, WeightDecay = 5e-4 }, Schedule = new Cosine { WarmupEpochs = 1 } },
        };
        var taught = alone with { Teacher = new TeacherSpec { Model = Teacher } };
        return
        [
            alone,
            taught with { Name = $"{Student} by kd", Method = new Kd() },
            taught with { Name = $"{Student} by annealing_kd", Method = new AnnealingKd { MaxTemperature = Math.Min(10, epochs / 2) } },
            taught with { Name = $"{Student} by takd", Method = new Takd { Assistants = [Assistant] } },
        ];
    }
}
