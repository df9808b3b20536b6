using System.Globalization;
using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Jobs.Queue;

namespace KdService.Jobs.Worker;

/// <summary>The folder an attempt's trainer works in: its orders, its inputs, and what it writes.</summary>
internal sealed class WorkFolder(KdOptions options, ArtifactStore store)
{
    private const string ResumeFile = "resume.in";

    /// <summary>Makes an attempt's folder with all that its trainer needs.</summary>
    /// <exception cref="AttemptFailedException">An input is missing from the artifact store, or the disk is full.</exception>
    public string Prepare(AttemptWork work)
    {
        var folder = PathOf(work.Name);
        try
        {
            Directory.CreateDirectory(folder);
            Directory.CreateDirectory(options.SignalCache);
            var request = new RunRequest
            {
                JobId = work.Name.JobId,
                Attempt = work.Name.Number,
                Plan = work.Plan,
                // The trainer sees its own device only, as the first.
                Device = work.Device.StartsWith("cuda", StringComparison.Ordinal) ? "cuda:0" : work.Device,
                Threads = work.Spec.Resources.Threads ?? options.ThreadsPerSlot,
                DataRoot = options.DataRoot!,
                SignalCache = options.SignalCache,
                CheckpointSeconds = options.CheckpointSeconds,
                DiagnosisOnly = work.DiagnosisOnly,
                Resume = work.Resume is null ? null : ResumeFile,
            };
            if (work.Resume is { } resume) store.Fetch(resume, Path.Combine(folder, ResumeFile));
            foreach (var (name, weights) in work.Inputs)
            {
                request.Inputs[name] = $"{name}.safetensors";
                store.Fetch(weights, Path.Combine(folder, request.Inputs[name]));
            }
            foreach (var (id, files) in work.Folders)
            {
                if (files is null) throw new AttemptFailedException(FailureCode.DataMissing, $"model {id}, which the plan needs, has been removed");
                request.Folders[id] = $"models/{id}";
                Directory.CreateDirectory(Path.Combine(folder, "models", id));
                foreach (var file in files) store.Fetch(file.Sha256, Path.Combine(folder, "models", id, file.Name));
            }
            File.WriteAllText(Path.Combine(folder, RunRequest.FileName), Json.Write(request, indented: true));
            return folder;
        }
        catch (FileNotFoundException missing)
        {
            throw new AttemptFailedException(FailureCode.NodeUnfit, missing.Message, missing);
        }
        catch (IOException failed)
        {
            throw new AttemptFailedException(DiskErrors.CodeOf(failed), $"cannot prepare the work folder: {failed.Message}", failed);
        }
    }

    /// <summary>Removes an attempt's folder; what matters of it is in the artifact store.</summary>
    public void Remove(AttemptName name)
    {
        Directory.Delete(PathOf(name), recursive: true);
        var job = Path.GetDirectoryName(PathOf(name))!;
        if (!Directory.EnumerateFileSystemEntries(job).Any()) Directory.Delete(job);
    }

    /// <summary>Kills the trainers and removes the folders that an earlier worker of this node left.</summary>
    public void RemoveLeftovers()
    {
        if (!Directory.Exists(options.WorkRoot)) return;
        foreach (var job in Directory.GetDirectories(options.WorkRoot))
        {
            foreach (var attempt in Directory.GetDirectories(job)) TrainerProcess.KillLeftover(attempt);
            Directory.Delete(job, recursive: true);
        }
    }

    private string PathOf(AttemptName name) =>
        Path.Combine(options.WorkRoot, name.JobId, name.Number.ToString(CultureInfo.InvariantCulture));
}

/// <summary>What an I/O error means for a job.</summary>
internal static class DiskErrors
{
    private const int NoSpace = 28; // ENOSPC, which .NET keeps as the error's HResult

    public static FailureCode CodeOf(IOException error) => error.HResult == NoSpace ? FailureCode.DiskFull : FailureCode.NodeUnfit;
}
