using System.Runtime.CompilerServices;
using System.Text.Json;
using KdService.Core;
using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Core.Wire;
using KdService.Jobs.Lifecycle;
using KdService.Jobs.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace KdService.Jobs;

/// <summary>Everything that can be read of jobs and nodes.</summary>
public sealed class JobQueries
{
    /// <summary>The most items of a page.</summary>
    public const int MaxPage = 1000;

    /// <summary>How long followers wait for word of a change before they look for themselves.</summary>
    private static readonly TimeSpan LookAnyway = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource _database;
    private readonly JobDocuments _documents;
    private readonly IDbContextFactory<JobsDbContext> _contexts;
    private readonly JobChanges _changes;
    private readonly KdOptions _options;

    internal JobQueries(
        NpgsqlDataSource database, JobDocuments documents, IDbContextFactory<JobsDbContext> contexts, JobChanges changes, KdOptions options) =>
        (_database, _documents, _contexts, _changes, _options) = (database, documents, contexts, changes, options);

    /// <summary>One job, with its spec, plan, report and the log of its failure.</summary>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public async Task<JobView> GetAsync(string id, CancellationToken cancellation) =>
        await JobRows.FindAsync(_database, id, cancellation) ?? throw new JobNotFoundException(id);

    /// <summary>The same as <see cref="GetAsync"/>, written out and at a fraction of the cost: for those who poll.</summary>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public async Task<JobDocument> DocumentAsync(string id, CancellationToken cancellation) =>
        await _documents.FindAsync(id, cancellation) ?? throw new JobNotFoundException(id);

    /// <summary>Jobs, newest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="cursor"><see cref="Page{T}.Next"/> of the page before; null for the first.</param>
    /// <param name="limit">Items of the page, from 1 to <see cref="MaxPage"/>.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="InvalidDocumentException">The cursor is not one.</exception>
    public async Task<Page<JobView>> ListAsync(JobFilter filter, string? cursor, int limit, CancellationToken cancellation)
    {
        if (cursor is not null && !SortableId.IsValid(cursor))
            throw new InvalidDocumentException([new Problem("/cursor", $"\"{cursor}\" given; the next of an earlier page")]);
        limit = Math.Clamp(limit, 1, MaxPage);
        var jobs = await JobRows.ListAsync(_database, filter, cursor, limit + 1, cancellation);
        return jobs.Count <= limit ? new(jobs, null) : new(jobs[..limit], jobs[limit - 1].Id);
    }

    /// <summary>Events of a job in their order.</summary>
    /// <param name="id">The job.</param>
    /// <param name="after">Events with greater ids only; 0 for all.</param>
    /// <param name="limit">Items of the page, from 1 to <see cref="MaxPage"/>.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>A page whose <see cref="Page{T}.Next"/> is the <paramref name="after"/> of the next.</returns>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public async Task<Page<EventView>> EventsAsync(string id, long after, int limit, CancellationToken cancellation)
    {
        limit = Math.Clamp(limit, 1, MaxPage);
        var events = await ReadEventsAsync(id, after, limit + 1, cancellation);
        if (events.Count == 0) await RequireJobAsync(id, cancellation);
        return events.Count <= limit ? new(events, null) : new(events[..limit], events[limit - 1].Id.ToString());
    }

    /// <summary>
    /// Events of a job as they happen, until it is terminal and all were given. Progress comes between them as events of type
    /// <c>progress</c> that bear the id of the last stored event: they are not kept, so a reader who reconnects gets only the latest.
    /// </summary>
    /// <param name="id">The job.</param>
    /// <param name="after">Events with greater ids only; 0 for all.</param>
    /// <param name="cancellation">Ends the stream.</param>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public async IAsyncEnumerable<EventView> FollowAsync(string id, long after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var changes = _changes.Subscribe(id);
        DateTimeOffset? progressSeen = null;
        while (true)
        {
            var now = await JobRows.ProgressAsync(_database, id, cancellation) ?? throw new JobNotFoundException(id);
            for (var more = after < now.LastEvent; more;)
            {
                var events = await ReadEventsAsync(id, after, MaxPage, cancellation);
                foreach (var happened in events) yield return happened;
                if (events.Count > 0) after = events[^1].Id;
                more = events.Count == MaxPage;
            }
            // Not behind events that are newer than it, the job's last among them.
            if (now.Progress is { } progress && now.At != progressSeen && !now.State.IsTerminal() && after <= now.LastEvent)
            {
                yield return new EventView(after, "progress", now.Attempt, now.At!.Value, JsonSerializer.SerializeToElement(progress, Json.Compact));
                progressSeen = now.At;
            }
            if (now.State.IsTerminal() && after >= now.LastEvent) yield break;
            await changes.WaitAsync(LookAnyway, cancellation);
        }
    }

    /// <summary>Metric series of a job.</summary>
    /// <param name="id">The job.</param>
    /// <param name="names">These series only; all when null or empty.</param>
    /// <param name="fromStep">Points at this step and later.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public async Task<IReadOnlyList<MetricSeries>> MetricsAsync(
        string id, IReadOnlyCollection<string>? names, long fromStep, CancellationToken cancellation)
    {
        await using var context = await _contexts.CreateDbContextAsync(cancellation);
        var points = context.Metrics.Where(point => point.JobId == id && point.Step >= fromStep);
        if (names is { Count: > 0 }) points = points.Where(point => names.Contains(point.Name));
        var rows = await points.OrderBy(point => point.Name).ThenBy(point => point.Step).ToListAsync(cancellation);
        if (rows.Count == 0) await RequireJobAsync(id, cancellation);
        return [.. rows.GroupBy(point => point.Name).Select(series => new MetricSeries(series.Key,
            [.. series.Select(point => new Core.Wire.MetricPoint(point.Step, point.Value, point.Epoch, point.Stage))]))];
    }

    /// <summary>The last lines of the trainer's log of an attempt that has ended; none where it left none.</summary>
    /// <param name="id">The job.</param>
    /// <param name="attempt">The attempt; null for the last that left a log.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public async Task<IReadOnlyList<string>> LogAsync(string id, int? attempt, CancellationToken cancellation)
    {
        await using var context = await _contexts.CreateDbContextAsync(cancellation);
        var log = await context.Attempts.Where(tried => tried.JobId == id && tried.Log != null && (attempt == null || tried.Number == attempt))
            .OrderByDescending(tried => tried.Number).Select(tried => tried.Log).FirstOrDefaultAsync(cancellation);
        if (log is null) await RequireJobAsync(id, cancellation);
        return log ?? [];
    }

    /// <summary>Checkpoints of a job that can be downloaded, in the order of their steps.</summary>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public async Task<IReadOnlyList<CheckpointView>> CheckpointsAsync(string id, CancellationToken cancellation)
    {
        await using var context = await _contexts.CreateDbContextAsync(cancellation);
        var rows = await context.Checkpoints.Where(checkpoint => checkpoint.JobId == id)
            .OrderBy(checkpoint => checkpoint.Step).ThenBy(checkpoint => checkpoint.Kind).ToListAsync(cancellation);
        if (rows.Count == 0) await RequireJobAsync(id, cancellation);
        return [.. rows.Select(row => new CheckpointView(
            row.Kind, row.Model, row.Stage, row.Epoch, row.Step, row.Accuracy, row.Sha256, row.Bytes, row.CreatedAt, Url(row.Sha256)))];
    }

    /// <summary>Artifacts of a job and of its diagnosis, by name.</summary>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public async Task<IReadOnlyList<ArtifactView>> ArtifactsAsync(string id, CancellationToken cancellation)
    {
        await using var context = await _contexts.CreateDbContextAsync(cancellation);
        var rows = await context.Artifacts
            .Where(artifact => artifact.JobId == id
                || context.Jobs.Any(job => job.Id == artifact.JobId && job.DiagnosesJobId == id && job.State == JobState.Succeeded))
            .OrderBy(artifact => artifact.Name).ToListAsync(cancellation);
        if (rows.Count == 0) await RequireJobAsync(id, cancellation);
        return [.. rows.Select(row => new ArtifactView(row.Name, row.MediaType, row.Sha256, row.Bytes, row.CreatedAt, Url(row.Sha256)))];
    }

    /// <summary>What is known of bytes by their checksum: the name, media type and job of an artifact or checkpoint that has them; null if none does.</summary>
    public async Task<BlobView?> BlobAsync(string sha256, CancellationToken cancellation)
    {
        await using var command = _database.CreateCommand(
            """
            select name, media_type, bytes from artifacts where sha256 = $1
            union all
            select kind || '-' || model || '-step' || step || '.safetensors', 'application/octet-stream', bytes from checkpoints where sha256 = $1
            union all
            select file ->> 'name', 'application/octet-stream', (file ->> 'bytes')::bigint from models, jsonb_array_elements(facts -> 'files') as file where file ->> 'sha256' = $1
            limit 1
            """);
        command.Parameters.Add(new() { Value = sha256 });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? new BlobView(reader.GetString(0), reader.GetString(1), reader.GetInt64(2)) : null;
    }

    /// <summary>Worker hosts, by id.</summary>
    public async Task<IReadOnlyList<NodeView>> NodesAsync(CancellationToken cancellation)
    {
        await using var context = await _contexts.CreateDbContextAsync(cancellation);
        var nodes = await context.Nodes.OrderBy(node => node.Id).ToListAsync(cancellation);
        var busy = await context.Jobs.Where(job => JobStates.HoldingSlot.Contains(job.State) && job.Node != null)
            .GroupBy(job => job.Node!).Select(jobs => new { Node = jobs.Key, Count = jobs.Count() })
            .ToDictionaryAsync(jobs => jobs.Node, jobs => jobs.Count, cancellation);
        var alive = DateTimeOffset.UtcNow - 3 * _options.Heartbeat;
        return [.. nodes.Select(node => new NodeView(
            node.Id, node.Host, node.Slots, busy.GetValueOrDefault(node.Id), node.SeenAt >= alive, node.SeenAt, node.Version))];
    }

    private static string Url(string sha256) => $"/v1/artifacts/{sha256}";

    private async Task<List<EventView>> ReadEventsAsync(string id, long after, int take, CancellationToken cancellation)
    {
        await using var context = await _contexts.CreateDbContextAsync(cancellation);
        var rows = await context.Events.Where(happened => happened.JobId == id && happened.Id > after)
            .OrderBy(happened => happened.Id).Take(take).ToListAsync(cancellation);
        return [.. rows.Select(row => new EventView(row.Id, row.Type, row.Attempt, row.At, JsonSerializer.Deserialize<JsonElement>(row.Data)))];
    }

    /// <summary>Tells an empty answer from an unknown job.</summary>
    private async Task RequireJobAsync(string id, CancellationToken cancellation)
    {
        if (await JobRows.ProgressAsync(_database, id, cancellation) is null) throw new JobNotFoundException(id);
    }
}

/// <summary>A <see cref="JobView"/>, written out.</summary>
/// <param name="Status">Where the job is in its life.</param>
/// <param name="Json">Its JSON, in UTF-8.</param>
public sealed record JobDocument(JobState Status, byte[] Json);

/// <summary>Bytes that can be downloaded.</summary>
/// <param name="Name">A file name for them.</param>
/// <param name="MediaType">Their media type.</param>
/// <param name="Bytes">Their length.</param>
public sealed record BlobView(string Name, string MediaType, long Bytes);
