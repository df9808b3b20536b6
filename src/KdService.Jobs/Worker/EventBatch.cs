using System.Text.Json;
using System.Text.Json.Nodes;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Jobs.Persistence;

namespace KdService.Jobs.Worker;

/// <summary>What a trainer said in a moment, as it is stored: at most one file, and that last, so that what was measured before a checkpoint is never behind it.</summary>
internal sealed class EventBatch
{
    private readonly Dictionary<string, double> _latest = [];

    public List<StoredEvent> Events { get; } = [];

    /// <summary>Metric points; of two at the same step the later counts.</summary>
    public Dictionary<(string Name, long Step), (double Value, int Epoch, string Stage)> Metrics { get; } = [];

    /// <summary>The latest value of each series in this batch; null if there are none.</summary>
    public Dictionary<string, double>? LatestMetrics => _latest.Count > 0 ? _latest : null;

    /// <summary>The latest progress. It is kept on the job, not among the events.</summary>
    public Progress? Progress { get; private set; }

    public StoredFile<CheckpointWritten>? Checkpoint { get; private set; }

    public StoredFile<ArtifactWritten>? Artifact { get; private set; }

    public void Add(TrainerEvent said)
    {
        if (said is ProgressMade { Progress: var progress })
        {
            Progress = progress;
            return;
        }
        if (said is MetricsMeasured measured)
        {
            foreach (var (name, value) in measured.Values)
            {
                Metrics[(name, measured.Step)] = (value, measured.Epoch, measured.Stage);
                _latest[name] = value;
            }
        }
        Store(said, Fields(said));
    }

    public void Add(StoredFile<CheckpointWritten> file)
    {
        Checkpoint = file;
        StoreFile(file);
    }

    public void Add(StoredFile<ArtifactWritten> file)
    {
        Artifact = file;
        StoreFile(file);
    }

    private void StoreFile<T>(StoredFile<T> file) where T : TrainerEvent
    {
        var fields = Fields(file.Event);
        // Where it lay in the work folder is nobody's business; where it lies now is.
        fields.Remove("path");
        fields["sha256"] = file.Sha256;
        fields["bytes"] = file.Bytes;
        Store(file.Event, fields);
    }

    private void Store(TrainerEvent said, JsonObject fields) =>
        Events.Add(new StoredEvent(Union.Case(said.GetType()).Name, said.At, fields.ToJsonString(Json.Compact)));

    private static JsonObject Fields(TrainerEvent said)
    {
        var fields = JsonSerializer.SerializeToNode(said, said.GetType(), Json.Compact)!.AsObject();
        fields.Remove("at");
        return fields;
    }
}

/// <summary>An event as its row holds it.</summary>
internal readonly record struct StoredEvent(string Type, DateTimeOffset At, string Data);
