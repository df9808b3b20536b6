using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;

namespace KdService.Trainer.Tests;

/// <summary>Whatever the trainer is at, it stops when asked, with a checkpoint.</summary>
[Collection(nameof(SharedTeachers))]
public sealed class StopTests(Teachers teachers)
{
    [Fact]
    public void Trainer_AskedToStopInATeacherPass_KeepsTheLogitsDoneSoFar()
    {
        using var folder = new WorkFolder();
        teachers.CopyTo(folder, "resnet20");
        // More pictures than a part of the kept logits has, and too many for one report.
        var request = Requests.Of(new Kd(), epochs: 2, teacher: "resnet20", dataset: new Procedural { Samples = 20_000, TestSamples = 100, Views = 1 });
        string checkpoint;
        using (var stopped = folder.Start(request))
        {
            Assert.NotNull(stopped.ReadUntil(happened => happened is ProgressMade { Progress.Activity: { } activity } && activity.StartsWith("logits of teacher", StringComparison.Ordinal)));
            while (!folder.Files.Any(file => file.EndsWith(".part-0000.safetensors", StringComparison.Ordinal))) Thread.Sleep(5);
            checkpoint = AssertStopsWithCheckpoint(stopped, step: 0);
        }
        using var resumed = folder.Start(request with { Attempt = 2, Resume = checkpoint });
        var first = (ProgressMade)resumed.ReadUntil(happened => happened is ProgressMade)!;
        Assert.True(first.Progress.Fraction > 0, "the first part's logits were computed again");
    }

    [Fact]
    public void Trainer_AskedToStopInAnEvaluation_GoesOnWithThatEvaluation()
    {
        using var folder = new WorkFolder();
        var request = Requests.Of(new None(), epochs: 1, dataset: new Procedural { Samples = 100, TestSamples = 20_000 }, student: "resnet20");
        using (var stopped = folder.Start(request with { Plan = request.Plan with { Evaluation = new EvaluationPlan { Protocol = Protocol.Paper } } }))
        {
            Assert.NotNull(stopped.ReadUntil(happened => happened is ProgressMade { Progress.Activity: "evaluation of student" }));
            stopped.Terminate();
            Assert.Equal(TrainerExit.Stopped, stopped.WaitForEnd());
            Assert.Equal(6, Assert.IsType<RunStopped>(stopped.Events[^1]).Step);
            Assert.DoesNotContain(stopped.Events, happened => happened is MetricsMeasured);
        }
    }

    [Fact]
    public void Trainer_WhoseParentDies_StopsWithACheckpoint()
    {
        using var folder = new WorkFolder();
        var request = Requests.Of(new None(), epochs: 1000);
        File.WriteAllText(folder[RunRequest.FileName], Core.Schema.Json.Write(request));
        // The shell tells its own id and is killed; the trainer, its child, still has the output to tell of its end.
        using var shell = TrainerProcess.StartShell($"echo $$; '{TrainerProcess.Executable}' '{folder}' & wait");
        var parent = int.Parse(shell.ReadLine()!);
        Assert.NotNull(shell.ReadUntil(happened => happened is MetricsMeasured));
        System.Diagnostics.Process.GetProcessById(parent).Kill();
        shell.ReadUntil(_ => false);
        Assert.IsType<RunStopped>(shell.Events[^1]);
        var last = Assert.IsType<CheckpointWritten>(shell.Events[^2]);
        Assert.True(File.Exists(folder[last.Path]));
    }

    [Fact]
    public void Trainer_WhoseEventsNobodyReads_StopsWithACheckpoint()
    {
        using var folder = new WorkFolder();
        File.WriteAllText(folder[RunRequest.FileName], Core.Schema.Json.Write(Requests.Of(new None(), epochs: 1000)));
        using var shell = TrainerProcess.StartShell($"set -o pipefail; '{TrainerProcess.Executable}' '{folder}' | head -n 3 >/dev/null");
        Assert.Equal(TrainerExit.Stopped, shell.WaitForEnd());
        Assert.Contains(folder.Files, file => file.StartsWith("resume-", StringComparison.Ordinal));
    }

    private static string AssertStopsWithCheckpoint(TrainerProcess trainer, long step)
    {
        trainer.Terminate();
        Assert.Equal(TrainerExit.Stopped, trainer.WaitForEnd());
        Assert.Equal(step, Assert.IsType<RunStopped>(trainer.Events[^1]).Step);
        var checkpoint = Assert.IsType<CheckpointWritten>(trainer.Events[^2]);
        Assert.Equal(step, checkpoint.Step);
        return checkpoint.Path;
    }
}
