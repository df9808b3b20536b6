using System.Text;
using System.Text.Json;
using KdService.Core.Runs;
using KdService.Core.Schema;

namespace KdService.Cli.Local;

/// <summary>
/// The folder in which one run happens. The trainer's events are kept in <c>events.jsonl</c>, one a line; they are all that is
/// needed to know whether the run is finished and where it goes on.
/// </summary>
public sealed class WorkFolder : IDisposable
{
    private const string Journal = "events.jsonl";
    private const string Log = "trainer.log";
    private readonly FileStream _journal;
    private readonly List<TrainerEvent> _events;

    private WorkFolder(string path, FileStream journal, List<TrainerEvent> events) => (Path, _journal, _events) = (path, journal, events);

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The trainer's log of all attempts.</summary>
    public string LogFile => System.IO.Path.Combine(Path, Log);

    /// <summary>Every event so far.</summary>
    public IReadOnlyList<TrainerEvent> Events => _events;

    /// <summary>Attempts begun so far.</summary>
    public int Attempts => _events.OfType<RunStarted>().Count();

    /// <summary>What came of the run; null while it is not finished.</summary>
    public RunReport? Report => _events.OfType<RunFinished>().LastOrDefault()?.Report;

    /// <summary>The checkpoint to go on from, relative to the folder; null to start from the beginning.</summary>
    public string? Resume => _events.OfType<CheckpointWritten>()
        .LastOrDefault(checkpoint => checkpoint.Kind == CheckpointKind.Resume && File.Exists(Full(checkpoint.Path)))?.Path;

    /// <summary>The latest of each artifact.</summary>
    public IReadOnlyList<ArtifactWritten> Artifacts =>
        [.. _events.OfType<ArtifactWritten>().GroupBy(artifact => artifact.Name).Select(versions => versions.Last())];

    /// <summary>The latest checkpoint of each epoch that was kept.</summary>
    public IReadOnlyList<CheckpointWritten> Checkpoints =>
        [.. _events.OfType<CheckpointWritten>().Where(written => written.Kind == CheckpointKind.Epoch)
            .GroupBy(written => (written.Stage, written.Epoch)).Select(versions => versions.Last())];

    /// <summary>Seconds that attempts took, as far as their events tell.</summary>
    public double Seconds
    {
        get
        {
            var (seconds, begun, last) = (0.0, (DateTimeOffset?)null, default(DateTimeOffset));
            foreach (var item in _events)
            {
                if (item is RunStarted)
                {
                    if (begun is { } start) seconds += (last - start).TotalSeconds;
                    begun = item.At;
                }
                last = item.At;
            }
            return begun is { } open ? seconds + (last - open).TotalSeconds : 0;
        }
    }

    /// <summary>Opens a folder, made if need be, for this process alone.</summary>
    /// <exception cref="CommandFailedException">Another process has it open, or it cannot be written.</exception>
    public static WorkFolder Open(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
            var journal = new FileStream(System.IO.Path.Combine(path, Journal), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            try
            {
                return new WorkFolder(path, journal, ReadJournal(journal));
            }
            catch
            {
                // Whatever is wrong with the journal, its lock must not outlive the attempt to read it.
                journal.Dispose();
                throw;
            }
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"{path} cannot be used: {refused.Message} Another kd run may be at work there; --out names another folder");
        }
    }

    /// <summary>Adds an event to the journal.</summary>
    public void Append(TrainerEvent item)
    {
        _events.Add(item);
        _journal.Write(Encoding.UTF8.GetBytes(Json.Write(item) + "\n"));
        _journal.Flush(flushToDisk: item is CheckpointWritten or RunFinished);
    }

    /// <summary>A path of the folder in full.</summary>
    public string Full(string relative) => System.IO.Path.Combine(Path, relative);

    /// <inheritdoc />
    public void Dispose() => _journal.Dispose();

    /// <summary>Reads the complete lines; a line that a crash cut short is dropped from the file, so that the next starts cleanly.</summary>
    private static List<TrainerEvent> ReadJournal(FileStream journal)
    {
        var bytes = new byte[journal.Length];
        journal.ReadExactly(bytes);
        var complete = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        journal.SetLength(complete);
        journal.Seek(0, SeekOrigin.End);
        var lines = Encoding.UTF8.GetString(bytes, 0, complete).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        try
        {
            return [.. lines.Select(Json.Read<TrainerEvent>)];
        }
        catch (JsonException foreign)
        {
            throw new CommandFailedException($"{journal.Name} is not a journal of this version of kd ({foreign.Message}); --out names another folder");
        }
    }
}
