using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Specs;

namespace KdService.Trainer.Tests;

/// <summary>Small jobs on drawn pictures, on one thread, where results are bit-identical.</summary>
internal static class Requests
{
    /// <summary>The network that teaches in these tests, and how large it is: small for speed, large where a pass has to last.</summary>
    public const string QuickTeacher = "resnet8";

    public static Procedural Pictures { get; } = new() { Samples = 200, TestSamples = 100, Views = 2 };

    public static TrainingSpec Training(int epochs) => new() { Epochs = epochs, BatchSize = 16, Optimizer = new Sgd { LearningRate = 0.05, Nesterov = true } };

    /// <summary>A request for a spec made of a method, with the teacher's weights in <c>teacher.safetensors</c>.</summary>
    public static RunRequest Of(Method method, int epochs, string teacher = QuickTeacher, Dataset? dataset = null, string student = "resnet8", Optimizer? optimizer = null) =>
        Of(new JobSpec
        {
            Seed = 7,
            Dataset = dataset ?? Pictures,
            Teacher = method.NeedsTeacher ? new TeacherSpec { Model = teacher } : null,
            Student = new StudentSpec { Model = student },
            Method = method,
            Training = optimizer is null ? Training(epochs) : Training(epochs) with { Optimizer = optimizer },
        });

    public static RunRequest Of(JobSpec spec) => new()
    {
        JobId = "job-of-the-test",
        Attempt = 1,
        Plan = PlanBuilder.Compile(spec),
        Threads = 1,
        DataRoot = "/nonexistent",
        Inputs = spec.Method.NeedsTeacher ? new() { [PlanBuilder.Teacher] = "teacher.safetensors" } : [],
    };
}
