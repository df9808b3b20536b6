using KdService.Cli.Display;
using KdService.Cli.Service;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Core.Wire;

namespace KdService.Cli.Local;

/// <summary>
/// One job with no service and no database. Every run has a work folder named by the digest of what decides its outcome, so the same
/// spec goes on where it stopped, specs in one output folder share teachers, and a changed spec starts afresh.
/// </summary>
public sealed class LocalRun
{
    /// <summary>The program that trains.</summary>
    public required string Trainer { get; init; }

    /// <summary>Where results and work folders go.</summary>
    public required string Out { get; init; }

    /// <summary>Where data sets lie.</summary>
    public required string DataRoot { get; init; }

    /// <summary>Hugging Face folders that the spec names, and what is known of them, by their digests.</summary>
    public LocalModels Models { get; init; } = LocalModels.None;

    /// <summary>Torch device.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Runs a spec's teacher, unless it is finished already, and then the spec's own job.</summary>
    /// <returns>Results in the order of the runs: the teacher's, if there is one, and the job's.</returns>
    /// <exception cref="RunFailedException">The teacher or the job failed.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; the same call goes on from the last checkpoint.</exception>
    public async Task<IReadOnlyList<Result>> Run(JobSpec spec, ProgressDisplay display, CancellationToken stop)
    {
        if (spec.Teacher?.Job is not null)
            throw new CommandFailedException("teacher.job: given; kd run has no service to ask for it, so teacher.model, or kd submit");
        List<Result> results = [];
        Dictionary<string, string> inputs = [];
        if (spec.Teacher is { Model: not null } teacher)
        {
            var recipe = TeacherRecipe.JobFor(spec);
            results.Add(new Result("teacher", await RunOne(recipe, [], Path.Combine(Out, "teacher"), display, stop)));
            inputs[PlanBuilder.Teacher] = Path.GetFullPath(Path.Combine(Out, "teacher", WeightsFile(teacher.Weights)));
            using var made = FolderOf(recipe);
            var followed = PlanBuilder.Compile(spec, models: Models.Facts).TeacherCheckpoints.ToHashSet();
            foreach (var checkpoint in made.Checkpoints.Where(checkpoint => followed.Contains(checkpoint.Epoch)))
                inputs[Curriculum.InputOf(PlanBuilder.Teacher, checkpoint.Epoch)] = made.Full(checkpoint.Path);
        }
        results.Add(new Result(spec.Method.Name, await RunOne(spec, inputs, Out, display, stop)));
        return results;
    }

    private static string WeightsFile(WeightsOf weights) => $"{PlanBuilder.Student}.{Json.Naming.ConvertName(weights.ToString())}.safetensors";

    private WorkFolder FolderOf(JobSpec spec) => WorkFolder.Open(Path.Combine(Path.GetFullPath(Out), "work", TeacherRecipe.Digest(spec)[..16]));

    private async Task<RunReport> RunOne(JobSpec spec, Dictionary<string, string> inputs, string results, ProgressDisplay display, CancellationToken stop)
    {
        using var folder = FolderOf(spec);
        var row = new ProgressRow { Key = folder.Path, Title = spec.DisplayName, State = JobState.Queued };
        if (folder.Report is null)
        {
            display.Show(row);
            await Attempt(spec, inputs, folder, item => display.Show(row = Apply(row, item)), stop);
        }
        display.Show(row with { State = JobState.Succeeded });
        var report = folder.Report!;
        Collect(folder, spec, report, results);
        return report;
    }

    private async Task Attempt(JobSpec spec, Dictionary<string, string> inputs, WorkFolder folder, Action<TrainerEvent> happened, CancellationToken stop)
    {
        var attempt = folder.Attempts + 1;
        var request = new RunRequest
        {
            JobId = Path.GetFileName(folder.Path),
            Attempt = attempt,
            Plan = PlanBuilder.Compile(spec, models: Models.Facts),
            Device = Device,
            Threads = spec.Resources.Threads,
            DataRoot = Path.GetFullPath(DataRoot),
            SignalCache = Path.GetFullPath(Path.Combine(Out, "work", "signals")),
            Inputs = CopyInputs(inputs, folder),
            Folders = Models.CopyTo(folder, ImportsOfSpec.Named(spec).Select(named => named.Id)),
            Resume = folder.Resume,
        };
        await File.WriteAllTextAsync(folder.Full(RunRequest.FileName), Json.Write(request, indented: true), stop);

        RunFailed? failed = null;
        using var limit = TimeLimit(spec, folder, stop);
        var exit = await TrainerProcess.Run(Trainer, folder, Device, item =>
        {
            folder.Append(item);
            failed ??= item as RunFailed;
            happened(item);
        }, limit.Token);

        if (exit == TrainerExit.Succeeded && folder.Report is not null) return;
        if (failed is null)
        {
            stop.ThrowIfCancellationRequested();
            failed = limit.IsCancellationRequested
                ? new RunFailed { Code = FailureCode.TimeLimit, Message = $"{spec.Resources.TimeLimitSeconds} s of running passed" }
                : new RunFailed { Code = FailureCode.TrainerCrashed, Message = $"the trainer ended with status {exit} and no word of why" };
        }
        throw new RunFailedException(spec.DisplayName, new FailureView
        {
            Code = failed.Code,
            Message = failed.Message,
            Advice = FailureAdvice.For(failed.Code),
            Step = failed.Step,
            Log = TrainerProcess.LogTail(folder, 20),
        });
    }

    private static CancellationTokenSource TimeLimit(JobSpec spec, WorkFolder folder, CancellationToken stop)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(stop);
        if (spec.Resources.TimeLimitSeconds is { } seconds)
            source.CancelAfter(TimeSpan.FromSeconds(Math.Max(0, seconds - folder.Seconds)));
        return source;
    }

    /// <summary>The trainer reads inputs from its work folder only: each is copied there under its own name.</summary>
    private static Dictionary<string, string> CopyInputs(Dictionary<string, string> inputs, WorkFolder folder)
    {
        Dictionary<string, string> links = [];
        foreach (var (name, source) in inputs)
        {
            links[name] = $"{name}.safetensors";
            File.Copy(source, folder.Full(links[name]), overwrite: true);
        }
        return links;
    }

    /// <summary>Puts what the run made where its user looks.</summary>
    private static void Collect(WorkFolder folder, JobSpec spec, RunReport report, string results)
    {
        Directory.CreateDirectory(results);
        foreach (var artifact in folder.Artifacts)
            File.Copy(folder.Full(artifact.Path), ArtifactPath.Within(results, artifact.Name), overwrite: true);
        File.WriteAllText(Path.Combine(results, "spec.json"), Json.Write(spec, indented: true) + "\n");
        File.WriteAllText(Path.Combine(results, "report.json"), Json.Write(report, indented: true) + "\n");
    }

    private static ProgressRow Apply(ProgressRow row, TrainerEvent item) => item switch
    {
        RunStarted => row with { State = JobState.Running },
        ProgressMade made => row with { Progress = made.Progress },
        MetricsMeasured measured when SelectionScore.In(measured.Values) is { } score => row with { Score = score },
        RunStopped => row with { State = JobState.Paused },
        RunFailed => row with { State = JobState.Failed },
        _ => row,
    };
}

/// <summary>A run failed in a way that going on will not mend by itself.</summary>
public sealed class RunFailedException(string title, FailureView failure) : Exception($"{title} failed: {failure.Message}")
{
    /// <summary>What ran.</summary>
    public string Title { get; } = title;

    /// <summary>Why it failed.</summary>
    public FailureView Failure { get; } = failure;
}
