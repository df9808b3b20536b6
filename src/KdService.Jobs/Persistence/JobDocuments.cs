using System.Text.Json;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Core.Wire;
using Microsoft.Extensions.Caching.Memory;
using Npgsql;

namespace KdService.Jobs.Persistence;

/// <summary>
/// The documents of single jobs. Most of a document never changes: the spec and the plan, and the report once it is there. That part
/// is kept as it is sent, so that a poll reads and writes only what moves.
/// </summary>
internal sealed class JobDocuments(NpgsqlDataSource database) : IDisposable
{
    private const long MaxBytesKept = 16 << 20;

    /// <summary>Settled parts by job and whether they hold a report: a job gets one as it succeeds, for good.</summary>
    private readonly MemoryCache _settled = new(new MemoryCacheOptions { SizeLimit = MaxBytesKept });

    /// <summary>The document of one job as it is now; null if there is none.</summary>
    public async Task<JobDocument?> FindAsync(string id, CancellationToken cancellation)
    {
        if (await JobRows.FindMovingAsync(database, id, cancellation) is not { } found) return null;
        if (_settled.TryGetValue((id, found.Reported), out byte[]? settled)) return Join(found.Job, settled!);

        // Both parts from one read: the report may have come since.
        if (await JobRows.FindAsync(database, id, cancellation) is not { } job) return null;
        settled = JsonSerializer.SerializeToUtf8Bytes(new Settled(job.Report, job.Spec!, job.Plan!), Json.Compact);
        _settled.Set((id, job.Report is not null), settled, new MemoryCacheEntryOptions { Size = settled.Length });
        return Join(job with { Report = null, Spec = null, Plan = null }, settled);
    }

    /// <inheritdoc />
    public void Dispose() => _settled.Dispose();

    /// <summary>Makes one object of two.</summary>
    private static JobDocument Join(JobView moving, byte[] settled)
    {
        var head = JsonSerializer.SerializeToUtf8Bytes(moving, Json.Compact);
        return new JobDocument(moving.Status, [.. head.AsSpan(..^1), (byte)',', .. settled.AsSpan(1..)]);
    }

    /// <summary>The last members of <see cref="JobView"/>, in their order.</summary>
    private sealed record Settled(RunReport? Report, JobSpec Spec, Plan Plan);
}
