using System.Diagnostics;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;

namespace KdService.Trainer.Tests;

/// <summary>What goes wrong is said with a code, and ends with an exit code that tells whether to try again.</summary>
[Collection(nameof(SharedTeachers))]
public sealed class FailureTests(Teachers teachers)
{
    [Fact]
    public void Trainer_WithoutAFolder_SaysHowItIsCalled()
    {
        using var trainer = TrainerProcess.Start();
        Assert.Equal(64, trainer.WaitForEnd());
        Assert.Contains("usage", trainer.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "run.json")]
    [InlineData("{\"job_id\": ", "run.json")]
    [InlineData("{\"job_id\": \"x\"}", "attempt")]
    public void Trainer_WithARequestThatDoesNotRead_FailsAsInvalidPlan(string? request, string said)
    {
        using var folder = new WorkFolder();
        if (request is not null) File.WriteAllText(folder[RunRequest.FileName], request);
        using var trainer = TrainerProcess.Start(folder.ToString());
        AssertFails(trainer, TrainerExit.SpecOrDataAtFault, FailureCode.InvalidPlan, said);
    }

    [Fact]
    public void Trainer_WithoutItsData_FailsAsDataMissing() =>
        AssertFails(Requests.Of(new None(), epochs: 1, dataset: new Cifar10()), TrainerExit.SpecOrDataAtFault, FailureCode.DataMissing, "data_batch_1.bin");

    [Fact]
    public void Trainer_WhoseLossDiverges_FailsAsDivergedWithTheStep()
    {
        var failed = AssertFails(Requests.Of(new None(), epochs: 30, optimizer: new Sgd { LearningRate = 100, Momentum = 0.99 }) with { CheckpointSeconds = 0.1 },
            TrainerExit.SpecOrDataAtFault, FailureCode.Diverged, "at step");
        Assert.InRange(failed.Step!.Value, 1, 30 * 12);
        Assert.Contains($"step {failed.Step}", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Trainer_WithWeightsOfAnotherNetwork_FailsAsWeightsMismatch() =>
        AssertFails(Requests.Of(new Kd(), epochs: 1, teacher: "resnet14"), TrainerExit.SpecOrDataAtFault, FailureCode.WeightsMismatch, "layer1.1.conv1.weight",
            folder => teachers.CopyTo(folder));

    [Fact]
    public void Trainer_WithoutTheWeightsOfItsTeacher_FailsAsInvalidPlan() =>
        AssertFails(Requests.Of(new Kd(), epochs: 1) with { Inputs = [] }, TrainerExit.SpecOrDataAtFault, FailureCode.InvalidPlan, "teacher");

    [Fact]
    public void Trainer_AskedForMoreThreadsThanCores_UsesAsManyAsThereAreAndSaysSo()
    {
        using var folder = new WorkFolder();
        var (exit, trainer) = folder.Run(Requests.Of(new None(), epochs: 1) with { Threads = 1000 });
        using (trainer)
        {
            Assert.True(exit == TrainerExit.Succeeded, trainer.Log);
            Assert.Contains($"resources.threads: 1000 given; this machine has {Environment.ProcessorCount} cores", trainer.Log, StringComparison.Ordinal);
            Assert.Contains($"{Environment.ProcessorCount} threads", trainer.Log, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Trainer_OnADeviceThatIsNotThere_FailsAsNodeUnfit() =>
        AssertFails(Requests.Of(new None(), epochs: 1) with { Device = "cuda:99" }, TrainerExit.Crashed, FailureCode.NodeUnfit, "cuda:99");

    [Fact]
    public void Trainer_WithATruncatedCheckpoint_FailsAsDataCorrupt() =>
        AssertFails(Requests.Of(new None(), epochs: 2), TrainerExit.SpecOrDataAtFault, FailureCode.DataCorrupt, "resume-1-", resume: folder =>
        {
            var whole = Checkpoint(folder, Requests.Of(new None(), epochs: 2));
            File.WriteAllBytes(folder[whole], folder.Read(whole)[..^1000]);
            return whole;
        });

    [Fact]
    public void Trainer_WithACheckpointOfAnotherPlan_FailsAsInvalidPlan() =>
        AssertFails(Requests.Of(new None(), epochs: 2), TrainerExit.SpecOrDataAtFault, FailureCode.InvalidPlan, "another plan",
            resume: folder => Checkpoint(folder, Requests.Of(new None(), epochs: 3)));

    [Fact]
    public void Trainer_WithWeightsForACheckpoint_FailsAsDataCorrupt() =>
        AssertFails(Requests.Of(new None(), epochs: 2), TrainerExit.SpecOrDataAtFault, FailureCode.DataCorrupt, "kdservice.resume",
            resume: folder =>
            {
                teachers.CopyTo(folder);
                return "teacher.safetensors";
            });

    [SmallDiskFact]
    public void Trainer_OnAFullDisk_FailsAsDiskFullAndLeavesNothingHalfWritten()
    {
        using var disk = new SmallDisk(megabytes: 2);
        using var folder = new WorkFolder(Path.Combine(disk.Path, "work"));
        Directory.CreateDirectory(folder.ToString());
        var (exit, trainer) = folder.Run(Requests.Of(new None(), epochs: 1, student: "resnet20"));
        using (trainer)
        {
            Assert.Equal(TrainerExit.Crashed, exit);
            Assert.Equal(FailureCode.DiskFull, Assert.IsType<RunFailed>(trainer.Events[^1]).Code);
            var announced = trainer.Events.OfType<CheckpointWritten>().Select(written => written.Path).Append(RunRequest.FileName);
            Assert.Empty(folder.Files.Except(announced));
        }
    }

    // What a killed run leaves: the last that it told of, however far it came before the kill.
    private static string Checkpoint(WorkFolder folder, RunRequest request)
    {
        using var trainer = folder.Start(request);
        trainer.ReadUntil(happened => happened is CheckpointWritten);
        trainer.Kill();
        trainer.WaitForEnd();
        return trainer.Events.OfType<CheckpointWritten>().Last(written => written.Kind == CheckpointKind.Resume).Path;
    }

    private static RunFailed AssertFails(RunRequest request, int exit, FailureCode code, string said, Action<WorkFolder>? prepare = null, Func<WorkFolder, string>? resume = null)
    {
        using var folder = new WorkFolder();
        prepare?.Invoke(folder);
        using var trainer = folder.Start(request with { Resume = resume?.Invoke(folder) });
        var failed = AssertFails(trainer, exit, code, said);
        Assert.DoesNotContain("   at KdService", trainer.Log, StringComparison.Ordinal);
        Assert.All(trainer.Log.Split('\n').Where(line => line.StartsWith("20", StringComparison.Ordinal)), line => Assert.Contains("job-of-the-test#1", line, StringComparison.Ordinal));
        return failed;
    }

    private static RunFailed AssertFails(TrainerProcess trainer, int exit, FailureCode code, string said)
    {
        Assert.Equal(exit, trainer.WaitForEnd());
        var failed = Assert.IsType<RunFailed>(trainer.Events[^1]);
        Assert.Equal(code, failed.Code);
        Assert.Contains(said, failed.Message, StringComparison.Ordinal);
        return failed;
    }
}

/// <summary>A file system of a few megabytes in memory.</summary>
internal sealed class SmallDisk : IDisposable
{
    public SmallDisk(int megabytes) => Assert.True(Try("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", Path));

    public string Path { get; } = Directory.CreateTempSubdirectory("kd-small-disk-").FullName;

    /// <summary>Whether this process may mount one.</summary>
    public static bool IsPossible { get; } = Probe();

    public void Dispose()
    {
        Try("umount", Path);
        Directory.Delete(Path);
    }

    private static bool Probe()
    {
        var folder = Directory.CreateTempSubdirectory("kd-small-disk-").FullName;
        var possible = Try("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder) && Try("umount", folder);
        Directory.Delete(folder);
        return possible;
    }

    private static bool Try(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        // No such program: that is an answer here.
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}

/// <summary>A test that mounts a small file system; skipped with a reason where it may not.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute()
    {
        if (!SmallDisk.IsPossible) Skip = "this process may not mount a tmpfs, by which a disk is made full";
    }
}
