using KdService.Api.OpenApi;
using KdService.Api.Requests;
using KdService.Core.Schema;
using KdService.Core.Wire;
using KdService.Jobs;

namespace KdService.Api.Jobs;

/// <summary>What happened to a job and what it made.</summary>
public static class History
{
    /// <summary>Maps <c>events</c>, <c>metrics</c>, <c>log</c>, <c>checkpoints</c> and <c>artifacts</c>.</summary>
    public static void MapHistory(this RouteGroupBuilder job)
    {
        job.MapRead("/events", EventsAsync)
            .WithName("list_job_events")
            .WithSummary("List a job's events, or follow them")
            .WithDescription("""
                A page of what happened, oldest first; `next` is the `after` of the following page.
                With `Accept: text/event-stream` a stream of Server-Sent Events instead: everything after `Last-Event-ID` (or `after`), then what happens as it happens,
                a comment every 15 seconds while nothing does, and the end of the stream once the job has ended. Reconnecting after that answers 204.
                Events of type `progress` are not kept: they bear the id of the event before them, and a reader who reconnects gets only the latest.
                """)
            .WithHeader(EventFeed.LastEventId, "The id of the last event seen; the stream goes on after it.", "0")
            .Produces<Page<EventView>>(StatusCodes.Status200OK, "application/json", EventFeed.MediaType)
            .Produces(StatusCodes.Status204NoContent)
            .Answers(() => Examples.Events);

        job.MapRead("/metrics", async (string id, Query<MetricsQuery> query, JobQueries jobs, CancellationToken cancel) =>
                TypedResults.Ok(query.Value.Thin(await jobs.MetricsAsync(id, query.Value.Name, query.Value.FromStep, cancel))))
            .WithName("list_job_metrics")
            .WithSummary("Read a job's metric series")
            .WithDescription("Loss, learning rate, accuracy and more over the steps of the job: all series, or those named. `max_points` thins long series evenly, first and last point kept.")
            .Answers(() => Examples.Metrics);

        job.MapRead("/log", async (string id, Query<LogQuery> query, JobQueries jobs, CancellationToken cancel) =>
                TypedResults.Text(string.Concat((await jobs.LogAsync(id, query.Value.Attempt, cancel)).Select(line => $"{line}\n"))))
            .WithName("get_job_log")
            .WithSummary("Read the end of the trainer's log")
            .WithDescription("The last 200 lines that the trainer of an attempt wrote, as plain text. They are kept when the attempt ends: before that the answer is empty.")
            .Produces<string>(StatusCodes.Status200OK, "text/plain")
            .Answers(() => "2026-03-02 09:34:02.418 INF 01jtqv8k3m5x7r9w2y4z6a8c0e#1 libtorch 2.8.0 on cpu, AVX2, MKL, 1 threads\n", mediaType: "text/plain");

        job.MapRead("/checkpoints", async (string id, JobQueries jobs, CancellationToken cancel) =>
                TypedResults.Ok(new Page<CheckpointView>(await jobs.CheckpointsAsync(id, cancel), null)))
            .WithName("list_job_checkpoints")
            .WithSummary("List a job's checkpoints")
            .WithDescription("The weights kept along the way, in the order of their steps, each with the address of its bytes.")
            .Answers(() => Examples.Checkpoints);

        job.MapRead("/artifacts", async (string id, JobQueries jobs, CancellationToken cancel) =>
                TypedResults.Ok(new Page<ArtifactView>(await jobs.ArtifactsAsync(id, cancel), null)))
            .WithName("list_job_artifacts")
            .WithSummary("List a job's artifacts")
            .WithDescription("What the job made: the student's weights, the report. Each with its checksum and the address of its bytes.")
            .Answers(() => Examples.Artifacts);
    }

    private static async Task<IResult> EventsAsync(string id, Query<EventsQuery> query, HttpRequest request, JobQueries jobs, CancellationToken cancel)
    {
        var after = EventFeed.ReadLastEventId(request) ?? query.Value.After;
        if (EventFeed.IsAskedFor(request)) return new EventFeed(jobs, id, after);
        return TypedResults.Ok(await jobs.EventsAsync(id, after, query.Value.Limit, cancel));
    }
}

/// <summary>Which events.</summary>
public sealed record EventsQuery : IQuery<EventsQuery>
{
    /// <summary>Only events with greater ids.</summary>
    [Field("Only events with greater ids.", Min = 0, Max = long.MaxValue)]
    public long After { get; init; }

    /// <summary>Events per page.</summary>
    [Field("Events per page; a stream has no pages.", Min = 1, Max = JobQueries.MaxPage)]
    public int Limit { get; init; } = 100;

    /// <inheritdoc />
    public static EventsQuery Example { get; } = new() { Limit = 20 };
}

/// <summary>The log of which attempt.</summary>
public sealed record LogQuery : IQuery<LogQuery>
{
    /// <summary>The attempt.</summary>
    [Field("The attempt, counted from 1; the last that has ended when left out.", Min = 1, Max = int.MaxValue)]
    public int? Attempt { get; init; }

    /// <inheritdoc />
    public static LogQuery Example { get; } = new() { Attempt = 1 };
}

/// <summary>Which metric series, and how much of them.</summary>
public sealed record MetricsQuery : IQuery<MetricsQuery>
{
    /// <summary>Only these series.</summary>
    [Field("Only this series; repeat it for several.", MaxLength = 128)]
    public IReadOnlyList<string> Name { get; init; } = [];

    /// <summary>Only points at this step and later.</summary>
    [Field("Only points at this step and later.", Min = 0, Max = long.MaxValue)]
    public long FromStep { get; init; }

    /// <summary>The most points of each series.</summary>
    [Field("The most points of each series.", Min = 2, Max = 100_000)]
    public int MaxPoints { get; init; } = 1000;

    /// <inheritdoc />
    public static MetricsQuery Example { get; } = new() { Name = ["train/loss"], MaxPoints = 200 };

    /// <summary>Thins each series evenly to <see cref="MaxPoints"/>; the first and the last point stay.</summary>
    public Page<MetricSeries> Thin(IReadOnlyList<MetricSeries> all) => new([.. all.Select(Thin)], null);

    private MetricSeries Thin(MetricSeries series)
    {
        var (points, last) = (series.Points, series.Points.Count - 1);
        return last < MaxPoints ? series : series with { Points = [.. Enumerable.Range(0, MaxPoints).Select(index => points[(int)((long)index * last / (MaxPoints - 1))])] };
    }
}
