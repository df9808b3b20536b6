using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Schema;

namespace KdService.Api.Tests;

/// <summary>A trainer that trains nothing: it says what a run of three epochs says, and leaves the files that it speaks of.</summary>
internal static class ScriptedTrainer
{
    /// <summary>The bytes of its artifact.</summary>
    public static byte[] Weights { get; } = [.. Enumerable.Range(0, 100_000).Select(index => (byte)(index * 31 >> 3))];

    /// <summary>Steps of the run.</summary>
    public const int Steps = 30;

    /// <summary>Writes the trainer to a folder; returns its path.</summary>
    public static string Write(string folder)
    {
        File.WriteAllBytes(Path.Combine(folder, "weights"), Weights);
        File.WriteAllLines(Path.Combine(folder, "events"), Events().Select(happened => Json.Write(happened)));
        var script = Path.Combine(folder, "trainer");
        File.WriteAllText(script, $"""
            #!/bin/sh
            cp '{folder}/weights' "$1/student.best.safetensors"
            cp '{folder}/weights' "$1/epoch.safetensors"
            while read -r line; do printf '%s\n' "$line"; sleep 0.01; done < '{folder}/events'

            """);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return script;
    }

    private static IEnumerable<TrainerEvent> Events()
    {
        var environment = new TrainerEnvironment { LibTorch = "none", Device = "cpu", Blas = "none", CpuCapability = "none", Threads = 1, Trainer = "scripted" };
        yield return new RunStarted { Environment = environment };
        yield return new StageStarted { Stage = "labels", Index = 0, Epochs = 3, StepsPerEpoch = 10 };
        for (var step = 1; step <= Steps; step++)
        {
            var epoch = (step + 9) / 10;
            yield return new ProgressMade { Progress = new Progress { Stage = "labels", Epoch = epoch, Epochs = 3, Step = step, Steps = Steps, Fraction = step / (double)Steps, SecondsLeft = 30 - step } };
            yield return new MetricsMeasured { Stage = "labels", Epoch = epoch, Step = step, Values = new() { ["train/loss"] = 2.0 / step, ["train/learning_rate"] = 0.1 } };
        }
        yield return new CheckpointWritten { Kind = CheckpointKind.Epoch, Path = "epoch.safetensors", Stage = "labels", Model = "student", Epoch = 3, Step = Steps, Accuracy = 0.5 };
        yield return new ArtifactWritten { Name = "student.best.safetensors", Path = "student.best.safetensors", MediaType = "application/octet-stream" };
        var result = new EvaluationResult { Samples = 1000, Accuracy = 0.5, Nll = 1.2, Ece = 0.1 };
        var robustness = new RobustnessReport { AlsoOn = [new OtherDataReport { Dataset = "cr", Result = result with { Agreement = 0.75 } }] };
        yield return new RunFinished
        {
            Report = new RunReport
            {
                Protocol = Protocol.Holdout,
                Models = [new ModelReport { Id = "student", Role = ModelRole.Student, Architecture = "resnet8", Parameters = 78_042, BestEpoch = 3, Last = result, Best = result, Robustness = robustness }],
                TeacherSignals = [],
                Environment = environment,
                Steps = Steps,
                Seconds = 1,
                PeakMemoryBytes = 1 << 20,
            },
        };
    }
}
