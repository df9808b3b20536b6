using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Distillation.Models.Text;
using KdService.Distillation.Weights;
using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>
/// A teacher's logits for whole sample sets. They are computed in the set's order in batches of a fixed size, so that they depend
/// neither on shuffling nor on where a run was interrupted, and kept in files that later attempts and other jobs use.
/// </summary>
/// <remarks>
/// The folder's name is a digest of all that decides the values, the machine's kernels included: two runs that could differ in the
/// last bit do not share. A set is kept in parts, so that a run that is killed has lost little.
/// </remarks>
internal sealed class TeacherLogits(RunContext run, TeacherNetwork teacher)
{
    /// <summary>Raised when the values or their files change.</summary>
    private const int Version = 1;

    private const int PartSize = 4096;

    // EWOULDBLOCK, which .NET keeps as the error's HResult when a file is locked.
    private const int WouldBlock = 11;
    private const string LogitsName = "logits";
    private const string ChecksumKey = "sha256";
    private const string SecondsKey = "seconds";

    // A batch of ResNet-110 takes a second or two on one CPU thread: short enough to stop in time.
    private readonly int _batchSize = run.Device.type == DeviceType.CUDA ? 1024 : 128;

    /// <summary>What answering has cost so far.</summary>
    public SignalCost Cost { get; private set; }

    /// <summary>The teacher's logits <c>[samples, classes]</c>, of spans <c>[samples, 2 * max length]</c>, on the run's device, rows as the samples' indices.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="view">Their view; null for the pictures as they are.</param>
    /// <param name="workItem">What computing counts as.</param>
    /// <param name="planned">Whether the ledger has this pass planned, so that logits that are found take it off.</param>
    /// <exception cref="OperationCanceledException">The run is to stop.</exception>
    public Tensor Of(Samples samples, int? view, string workItem, bool planned)
    {
        using var scope = NewDisposeScope();
        var folder = Path.Combine(run.SignalFolder, Key(samples));
        var parts = new List<Tensor>();
        foreach (var (number, part) in samples.Indices.Chunk(PartSize).Index())
        {
            var path = Path.Combine(folder, FormattableString.Invariant($"view-{view?.ToString() ?? "none"}.part-{number:D4}.safetensors"));
            var found = Find(path, part.Length);
            if (found is null)
            {
                Directory.CreateDirectory(folder);
                using var _ = Claim($"{path}.lock", workItem);
                found = Find(path, part.Length);
                if (found is null)
                {
                    var secondsBefore = Cost.Seconds;
                    parts.Add(Compute(samples, part, view, workItem));
                    Keep(path, parts[^1], Cost.Seconds - secondsBefore);
                    continue;
                }
            }
            parts.Add(found.Value.Logits);
            Cost += new SignalCost(0, 0, part.Length, found.Value.Seconds);
            if (planned) run.Progress.Ledger.Skip(workItem, part.Length);
        }
        return cat(parts, 0).to(run.Device).MoveToOuterDisposeScope();
    }

    private Tensor Compute(Samples samples, int[] part, int? view, string workItem)
    {
        using var scope = NewDisposeScope();
        var batches = new List<Tensor>();
        var places = samples.Batches.ByLength(part);
        foreach (var batch in places.Select(place => part[place]).Chunk(_batchSize))
        {
            run.Stop.ThrowIfCancellationRequested();
            var began = Stopwatch.GetTimestamp();
            using var inputs = samples.Load(batch, view);
            using var logits = teacher.Logits(inputs);
            batches.Add(logits.Widened(run.Plan.Dataset.Shape).cpu());
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            Cost += new SignalCost(batch.Length, seconds, batch.Length, seconds);
            run.Progress.Worked(workItem, batch.Length, seconds, Activity(view));
        }
        return cat(batches, 0).index_select(0, Inverse(places)).MoveToOuterDisposeScope();
    }

    // From the order of computing back to the samples' own.
    private static Tensor Inverse(int[] places)
    {
        var inverse = new long[places.Length];
        foreach (var (computed, place) in places.Index()) inverse[place] = computed;
        return tensor(inverse);
    }

    private (Tensor Logits, double Seconds)? Find(string path, int samples)
    {
        try
        {
            // The mark of use by which a full cache tells what to part with.
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
        }
        // Not computed yet, or removed to make room.
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        try
        {
            var (tensors, metadata) = Safetensors.Read(path);
            if (tensors.GetValueOrDefault(LogitsName) is { } logits && logits.shape is [var rows, _] && rows == samples
                && metadata.GetValueOrDefault(ChecksumKey) == Checksum(logits)
                && double.TryParse(metadata.GetValueOrDefault(SecondsKey), out var seconds))
                return (logits, seconds);
            run.Log.LogWarning("{Path} does not hold the logits it should; computing them again", path);
        }
        // Kept logits are there to save time; damaged ones, and ones removed this moment, cost what they would have saved, and no more.
        catch (RunException e) when (e.Code is FailureCode.DataCorrupt or FailureCode.DataMissing)
        {
            run.Log.LogWarning("{Problem}; computing the logits again", e.Message);
        }
        return null;
    }

    // Of jobs that want the same logits at once one computes them, and the others wait for its file; a job that dies lets go.
    private FileStream Claim(string path, string workItem)
    {
        while (true)
        {
            run.Stop.ThrowIfCancellationRequested();
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            }
            // Held by another job.
            catch (IOException e) when (e.HResult == WouldBlock)
            {
                run.Progress.Worked(workItem, 0, 0, $"waiting for logits of {teacher.Id} that another job computes");
                Thread.Sleep(100);
            }
        }
    }

    // Written under a name of its own first: whoever reads finds all of it or nothing.
    private static void Keep(string path, Tensor logits, double seconds)
    {
        var own = FormattableString.Invariant($"{path}.{Environment.ProcessId}");
        Safetensors.Write(own, [(LogitsName, logits)], new Dictionary<string, string>
        {
            [ChecksumKey] = Checksum(logits),
            [SecondsKey] = seconds.ToString("R"),
        });
        File.Move(own, path, overwrite: true);
    }

    private static string Checksum(Tensor logits) => Convert.ToHexStringLower(SHA256.HashData(logits.bytes));

    private string Activity(int? view) => run.Plan.Dataset.DistinctViews is { } views && view is { } shown
        ? $"logits of {teacher.Id}, view {shown + 1} of {views}"
        : $"logits of {teacher.Id}";

    private string Key(Samples samples)
    {
        var decisive = Json.Write(new
        {
            Version,
            TeacherRecipe.CodeVersion,
            Teacher = teacher.Digest,
            Samples = samples.Digest,
            BatchSize = _batchSize,
            run.Environment,
        });
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(decisive)));
    }
}
