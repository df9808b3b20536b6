using System.Text.Json;
using KdService.Core.Benchmarks;
using KdService.Core.Specs;

namespace KdService.Jobs.Benchmarks;

/// <summary>A benchmark's row. It has no state: that follows from its cells and their jobs.</summary>
internal sealed class StoredBenchmark
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required Dictionary<string, string> Labels { get; init; }

    public required BenchmarkSpec Spec { get; init; }

    public required string Baseline { get; init; }

    public int? MaxRunning { get; init; }

    public string? IdempotencyKey { get; init; }

    public required string RequestDigest { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Since when no more of its jobs are submitted.</summary>
    public DateTimeOffset? CancelledAt { get; init; }
}

/// <summary>A line of a benchmark's table.</summary>
internal sealed class StoredRow
{
    public required string BenchmarkId { get; init; }

    public required int Number { get; init; }

    public required string Label { get; init; }

    public required string Method { get; init; }

    public required string Student { get; init; }

    public required Dictionary<string, JsonElement> Options { get; init; }

    public required long Parameters { get; init; }

    public required long MultiplyAdds { get; init; }
}

/// <summary>A job of a benchmark, submitted or still to be.</summary>
internal sealed class StoredCell
{
    public required string BenchmarkId { get; init; }

    /// <summary>Its place in the order of submission.</summary>
    public required int Number { get; init; }

    public required int RowNumber { get; init; }

    public required long Seed { get; init; }

    public required JobSpec Spec { get; init; }

    /// <summary>Set in the transaction that inserts the job: so that none is lost and none is submitted twice.</summary>
    public string? JobId { get; init; }
}
