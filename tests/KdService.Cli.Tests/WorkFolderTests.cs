using KdService.Cli.Local;
using KdService.Core.Plans;
using KdService.Core.Runs;

namespace KdService.Cli.Tests;

public sealed class WorkFolderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kd-cli-work-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Journal_CutShortByACrash_LosesOnlyTheTornLine()
    {
        using (var folder = WorkFolder.Open(_folder.FullName))
        {
            folder.Append(TrainerEvents.Started());
            folder.Append(TrainerEvents.Checkpoint("resume-1.ckpt", step: 10));
        }
        File.AppendAllText(Path.Combine(_folder.FullName, "events.jsonl"), """{"type":"checkpoint","kind":"res""");

        using (var folder = WorkFolder.Open(_folder.FullName))
        {
            Assert.Equal(2, folder.Events.Count);
            folder.Append(TrainerEvents.Finished());
        }

        using var reopened = WorkFolder.Open(_folder.FullName);
        Assert.Equal(3, reopened.Events.Count);
        Assert.NotNull(reopened.Report);
    }

    [Fact]
    public void Resume_IsTheLastResumeCheckpointThatIsStillThere()
    {
        using var folder = WorkFolder.Open(_folder.FullName);
        folder.Append(TrainerEvents.Checkpoint("a.ckpt", step: 10));
        folder.Append(TrainerEvents.Checkpoint("b.ckpt", step: 20));
        folder.Append(TrainerEvents.Checkpoint("epoch-1.safetensors", step: 20) with { Kind = CheckpointKind.Epoch });
        Assert.Null(folder.Resume);

        File.WriteAllText(folder.Full("a.ckpt"), "");
        File.WriteAllText(folder.Full("epoch-1.safetensors"), "");

        Assert.Equal("a.ckpt", folder.Resume);
    }

    [Fact]
    public void Folder_InUseByAnotherRun_IsRefused()
    {
        using var folder = WorkFolder.Open(_folder.FullName);

        var refusal = Assert.Throws<CommandFailedException>(() => WorkFolder.Open(_folder.FullName));

        Assert.Contains("--out", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Seconds_LeaveOutTheTimeBetweenAttempts()
    {
        var noon = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
        using var folder = WorkFolder.Open(_folder.FullName);
        folder.Append(TrainerEvents.Started() with { At = noon });
        folder.Append(TrainerEvents.Checkpoint("a.ckpt", step: 10) with { At = noon.AddSeconds(30) });
        folder.Append(TrainerEvents.Started() with { At = noon.AddHours(5) });
        folder.Append(TrainerEvents.Checkpoint("a.ckpt", step: 20) with { At = noon.AddHours(5).AddSeconds(12) });

        Assert.Equal(42, folder.Seconds);
        Assert.Equal(2, folder.Attempts);
    }
}

/// <summary>Events of a trainer.</summary>
internal static class TrainerEvents
{
    public static RunStarted Started() => new() { Environment = DisplayTests.Report().Environment };

    public static CheckpointWritten Checkpoint(string path, long step) => new()
    {
        Kind = CheckpointKind.Resume,
        Path = path,
        Stage = "labels",
        Model = "student",
        Epoch = 1,
        Step = step,
    };

    public static RunFinished Finished() => new() { Report = DisplayTests.Report(DisplayTests.Model("plane2", ModelRole.Student, 13_098, 0.5, 0.6)) };
}
