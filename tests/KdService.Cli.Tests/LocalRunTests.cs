using System.Diagnostics;
using System.Runtime.Versioning;
using KdService.Cli.Display;
using KdService.Cli.Local;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Methods;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Specs;
using Spectre.Console;

namespace KdService.Cli.Tests;

/// <summary>What <c>kd run</c> makes of trainers that end in every way there is; the trainers are shell scripts that speak the protocol.</summary>
[SupportedOSPlatform("linux")]
public sealed class LocalRunTests : IDisposable
{
    private static readonly JobSpec Spec = new() { Dataset = new Procedural(), Student = new StudentSpec { Model = "plane2" }, Method = new None() };
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kd-cli-run-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Run_WithATeacher_TrainsItOnceAndHandsItsWeightsOver()
    {
        var trainer = Script($"""
            echo "$1" >> "{_folder.FullName}/runs"
            echo weights > "$1/w"
            {Say(TrainerEvents.Started())}
            echo a library chatters here
            {Say(new ArtifactWritten { Name = "student.best.safetensors", Path = "w", MediaType = "application/octet-stream" })}
            {Say(TrainerEvents.Finished())}
            """);
        var taught = Spec with { Teacher = new TeacherSpec { Model = "resnet20" }, Method = new Kd() };

        var results = await Run(trainer, taught);
        await Run(trainer, taught with { Method = new Kd { Temperature = 2 } });

        Assert.Equal(["teacher", "kd"], results.Select(result => result.Title));
        var runs = await File.ReadAllLinesAsync(Path.Combine(_folder.FullName, "runs"));
        Assert.Equal(3, runs.Length);
        var request = Json.Read<RunRequest>(await File.ReadAllTextAsync(Path.Combine(runs[1], RunRequest.FileName)));
        Assert.Equal("weights\n", await File.ReadAllTextAsync(Path.Combine(runs[1], request.Inputs["teacher"])));
        Assert.True(File.Exists(Path.Combine(_folder.FullName, "out", "student.best.safetensors")));
        Assert.True(File.Exists(Path.Combine(_folder.FullName, "out", "teacher", "report.json")));
        Assert.Contains("a library chatters here", await File.ReadAllTextAsync(Path.Combine(runs[1], "trainer.log")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ThatFails_SaysWhyAndWhatToDo()
    {
        var trainer = Script($"""
            {Say(TrainerEvents.Started())}
            echo 'step 3: loss is NaN' >&2
            {Say(new RunFailed { Code = FailureCode.Diverged, Message = "the loss is not a number", Step = 3 })}
            exit 65
            """);

        var failed = await Assert.ThrowsAsync<RunFailedException>(() => Run(trainer, Spec));

        Assert.Equal((FailureCode.Diverged, 3L), (failed.Failure.Code, failed.Failure.Step));
        Assert.Contains("step 3: loss is NaN", failed.Failure.Log!);
    }

    [Fact]
    public async Task Run_WhoseTrainerDiesOfASignal_GoesOnFromItsCheckpointNextTime()
    {
        var trainer = Script($$"""
            cp "$1/run.json" "$1/run.$(ls "$1" | grep -c '^run\..\.json')".json
            {{Say(TrainerEvents.Started())}}
            [ -e "$1/resume.ckpt" ] && { {{Say(TrainerEvents.Finished())}}
            exit 0; }
            echo state > "$1/resume.ckpt"
            {{Say(TrainerEvents.Checkpoint("resume.ckpt", step: 7))}}
            kill -KILL $$
            """);

        var failed = await Assert.ThrowsAsync<RunFailedException>(() => Run(trainer, Spec));
        await Run(trainer, Spec);

        Assert.Equal(FailureCode.TrainerCrashed, failed.Failure.Code);
        var work = Directory.GetDirectories(Path.Combine(_folder.FullName, "out", "work")).Single();
        Assert.Null(Json.Read<RunRequest>(await File.ReadAllTextAsync(Path.Combine(work, "run.0.json"))).Resume);
        var second = Json.Read<RunRequest>(await File.ReadAllTextAsync(Path.Combine(work, "run.1.json")));
        Assert.Equal(("resume.ckpt", 2), (second.Resume, second.Attempt));
    }

    [Fact]
    public async Task Run_PastItsTimeLimit_FailsAsTimeLimit()
    {
        var trainer = Script($"""
            {Say(TrainerEvents.Started())}
            trap 'exit 75' TERM
            sleep 60 & wait
            """);

        var failed = await Assert.ThrowsAsync<RunFailedException>(() => Run(trainer, Spec with { Resources = new ResourceSpec { TimeLimitSeconds = 1 } }));

        Assert.Equal(FailureCode.TimeLimit, failed.Failure.Code);
    }

    [Fact]
    public async Task Stop_OfAProgramThatHeedsNothing_EndsItAndItsChildren()
    {
        var script = Script($"""
            trap '' TERM
            sleep 300 &
            echo $! > "{_folder.FullName}/child"
            echo ready
            wait
            """);
        await using var process = ChildProcess.Start(script, [], TimeSpan.FromMilliseconds(300));
        Assert.Equal("ready", await process.Output.ReadLineAsync());
        var child = int.Parse(await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "child")));

        await process.Stop();

        Assert.True(process.HasExited);
        await Until(() => !IsRunning(child), $"the child {child} goes with its parent");
    }

    private static bool IsRunning(int id) =>
        File.Exists($"/proc/{id}/stat") && !File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal);

    private static async Task Until(Func<bool> condition, string what)
    {
        var limit = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(limit.Elapsed < TimeSpan.FromSeconds(30), $"waited 30 s until {what}");
            await Task.Delay(50);
        }
    }

    private static string Say(TrainerEvent item) => $"cat <<'EVENT'\n{Json.Write(item)}\nEVENT";

    private string Script(string body)
    {
        var path = Path.Combine(_folder.FullName, "trainer");
        File.WriteAllText(path, $"#!/usr/bin/env bash\n{body}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private async Task<IReadOnlyList<Result>> Run(string trainer, JobSpec spec)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Interactive = InteractionSupport.No });
        var run = new LocalRun { Trainer = trainer, Out = Path.Combine(_folder.FullName, "out"), DataRoot = _folder.FullName };
        return await ProgressDisplay.During(console, display => run.Run(spec, display, CancellationToken.None));
    }
}
