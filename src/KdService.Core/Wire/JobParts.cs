using System.Text.Json;
using KdService.Core.Runs;

namespace KdService.Core.Wire;

/// <summary>Something that happened to a job.</summary>
/// <param name="Id">Grows with every event of the job; what <c>Last-Event-ID</c> names.</param>
/// <param name="Type">For instance <c>state</c>, <c>stage_started</c>, <c>progress</c>, <c>metrics</c>, <c>checkpoint</c>, <c>artifact</c>.</param>
/// <param name="Attempt">The attempt it belongs to; 0 before the first.</param>
/// <param name="At">When.</param>
/// <param name="Data">The event's own fields.</param>
public sealed record EventView(long Id, string Type, int Attempt, DateTimeOffset At, JsonElement Data);

/// <summary>One metric's values over the steps of a job.</summary>
/// <param name="Name">For instance <c>train/loss</c>.</param>
/// <param name="Points">In the order of their steps.</param>
public sealed record MetricSeries(string Name, IReadOnlyList<MetricPoint> Points);

/// <summary>A value at a step.</summary>
public sealed record MetricPoint(long Step, double Value, int Epoch, string Stage);

/// <summary>A checkpoint that can be downloaded.</summary>
public sealed record CheckpointView(
    CheckpointKind Kind, string Model, string Stage, int Epoch, long Step, double? Accuracy, string Sha256, long Bytes, DateTimeOffset CreatedAt, string Url);

/// <summary>An artifact that can be downloaded.</summary>
public sealed record ArtifactView(string Name, string MediaType, string Sha256, long Bytes, DateTimeOffset CreatedAt, string Url);

/// <summary>
/// A data set that specs may name; where the name stands for several, the facts are those of its defaults, and it is present where any is.
/// Classes are null where none are predicted, and all numbers where the spec says them.
/// </summary>
public sealed record DatasetView(
    string Name, string Summary, int? Classes, int? TrainSamples, int? TestSamples, bool Present, string? Problem, string HowToGet,
    IReadOnlyList<DatasetVariantView> Variants, JsonElement Options);

/// <summary>One of the data sets that a name stands for, such as <c>glue sst2</c>.</summary>
public sealed record DatasetVariantView(string Title, int TrainSamples, int TestSamples, bool Present, string? Problem);

/// <summary>A worker host.</summary>
public sealed record NodeView(
    string Id, string Host, IReadOnlyDictionary<string, int> Slots, int Busy, bool Alive, DateTimeOffset SeenAt, string Version);
