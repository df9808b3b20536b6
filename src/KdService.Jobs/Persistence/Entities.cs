using KdService.Core.Runs;

namespace KdService.Jobs.Persistence;

/// <summary>One try at running a job.</summary>
internal sealed class Attempt
{
    public required string JobId { get; init; }

    public required int Number { get; init; }

    public required string Node { get; init; }

    public required string LeaseHolder { get; init; }

    public required string Device { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public string? Outcome { get; init; }

    public int? ExitCode { get; init; }

    public string[]? Log { get; init; }
}

/// <summary>Something that happened to a job; ids count from 1 in each job, without gaps.</summary>
internal sealed class JobEvent
{
    public required string JobId { get; init; }

    public required long Id { get; init; }

    public required string Type { get; init; }

    public required int Attempt { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string Data { get; init; }
}

/// <summary>A metric's value at a step; a resumed run that measures the step again replaces it.</summary>
internal sealed class MetricPoint
{
    public required string JobId { get; init; }

    public required string Name { get; init; }

    public required long Step { get; init; }

    public required double Value { get; init; }

    public required int Epoch { get; init; }

    public required string Stage { get; init; }
}

/// <summary>A checkpoint in the artifact store.</summary>
internal sealed class Checkpoint
{
    public required string JobId { get; init; }

    public required CheckpointKind Kind { get; init; }

    public required string Model { get; init; }

    public required string Stage { get; init; }

    public required int Epoch { get; init; }

    public required long Step { get; init; }

    public double? Accuracy { get; init; }

    public required string Sha256 { get; init; }

    public required long Bytes { get; init; }

    public required int Attempt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A named result of a job in the artifact store.</summary>
internal sealed class Artifact
{
    public required string JobId { get; init; }

    public required string Name { get; init; }

    public required string MediaType { get; init; }

    public required string Sha256 { get; init; }

    public required long Bytes { get; init; }

    public required int Attempt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A worker host and its last sign of life.</summary>
internal sealed class Node
{
    public required string Id { get; init; }

    public required string Host { get; init; }

    public required string LeaseHolder { get; init; }

    public required Dictionary<string, int> Slots { get; init; }

    public required string Version { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset SeenAt { get; init; }
}
