using KdService.Cli.Service;
using KdService.Core.Jobs;
using KdService.Core.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace KdService.Cli.Tests;

public sealed class JobFollowerTests
{
    private const string Progress = """{"stage":"labels","epoch":2,"epochs":4,"step":10,"steps":40,"fraction":0.25}""";

    [Fact]
    public async Task Follow_WhenTheConnectionDropsMidway_GoesOnAfterTheLastEventSeen()
    {
        var (state, asked, arrived) = (JobState.Running, new List<string?>(), new TaskCompletionSource());
        await using var service = await StandInService.Start(app =>
        {
            app.MapGet("/v1/jobs/{id}", (string id) => Results.Content(StandInService.Job(id, state), "application/json"));
            app.MapGet("/v1/jobs/{id}/events", async (HttpContext context) =>
            {
                asked.Add(context.Request.Headers["Last-Event-ID"]);
                context.Response.ContentType = "text/event-stream";
                if (asked.Count == 1)
                {
                    await Send(context, 1, "state", "{}");
                    await Send(context, 2, "metrics", """{"values":{"selection/accuracy":0.5}}""");
                    // A reset throws away what the client has not read yet.
                    await arrived.Task;
                    context.Abort();
                    return;
                }
                state = JobState.Succeeded;
                await Send(context, 2, "progress", Progress);
                await Send(context, 3, "state", "{}");
            });
        });
        List<JobView> seen = [];
        List<long> events = [];
        using var client = service.Client();

        var job = await new JobFollower(client).Follow(StandInService.NewId(), seen.Add, item =>
        {
            events.Add(item.Id);
            if (item.Id == 2) arrived.TrySetResult();
        }, CancellationToken.None);

        Assert.Equal(JobState.Succeeded, job.Status);
        Assert.Equal([null, "2"], asked.Take(2));
        Assert.Equal([1, 2, 2, 3], events);
        Assert.Contains(seen, view => view.Metrics?["selection/accuracy"] == 0.5);
        Assert.Contains(seen, view => view.Progress is { Epoch: 2, Fraction: 0.25 });
    }

    [Fact]
    public async Task Follow_AJobThatIsOver_TellsItsStoryOnceAndReturns()
    {
        var streams = 0;
        await using var service = await StandInService.Start(app =>
        {
            app.MapGet("/v1/jobs/{id}", (string id) => Results.Content(StandInService.Job(id, JobState.Failed), "application/json"));
            app.MapGet("/v1/jobs/{id}/events", async (HttpContext context) =>
            {
                streams++;
                context.Response.ContentType = "text/event-stream";
                await Send(context, 1, "state", "{}");
            });
        });
        using var client = service.Client();
        var told = 0;

        var job = await new JobFollower(client).Follow(StandInService.NewId(), null, _ => told++, CancellationToken.None);

        Assert.Equal(JobState.Failed, job.Status);
        Assert.Equal((1, 1), (streams, told));
    }

    [Fact]
    public async Task Follow_AStreamThatFallsSilent_IsOpenedAnew()
    {
        var (state, streams) = (JobState.Running, 0);
        await using var service = await StandInService.Start(app =>
        {
            app.MapGet("/v1/jobs/{id}", (string id) => Results.Content(StandInService.Job(id, state), "application/json"));
            app.MapGet("/v1/jobs/{id}/events", async (HttpContext context) =>
            {
                context.Response.ContentType = "text/event-stream";
                await context.Response.StartAsync();
                if (++streams == 1) await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                else state = JobState.Cancelled;
            });
        });
        using var client = service.Client();

        var job = await new JobFollower(client) { Silence = TimeSpan.FromMilliseconds(200) }.Follow(StandInService.NewId(), null, null, CancellationToken.None);

        Assert.Equal(JobState.Cancelled, job.Status);
        Assert.True(streams >= 2);
    }

    [Fact]
    public async Task Follow_WhenTheServiceStaysAway_EndsWithItsError()
    {
        var gone = false;
        await using var service = await StandInService.Start(app =>
        {
            app.MapGet("/v1/jobs/{id}", (string id, HttpContext context) =>
            {
                if (gone) context.Abort();
                return Results.Content(StandInService.Job(id, JobState.Running), "application/json");
            });
            app.MapGet("/v1/jobs/{id}/events", (HttpContext context) =>
            {
                gone = true;
                context.Abort();
            });
        });
        using var client = service.Client();
        var follower = new JobFollower(client) { Patience = TimeSpan.FromMilliseconds(1) };

        await Assert.ThrowsAsync<ServiceUnreachableException>(() => follower.Follow(StandInService.NewId(), null, null, CancellationToken.None));
    }

    [Fact]
    public async Task Follow_AJobThatWaitsLongerThanPatience_IsNotGivenUp()
    {
        var (state, streams) = (JobState.Waiting, 0);
        await using var service = await StandInService.Start(app =>
        {
            app.MapGet("/v1/jobs/{id}", (string id) => Results.Content(StandInService.Job(id, state), "application/json"));
            app.MapGet("/v1/jobs/{id}/events", async (HttpContext context) =>
            {
                context.Response.ContentType = "text/event-stream";
                await context.Response.StartAsync();
                if (++streams <= 3) await Task.WhenAny(Task.Delay(Timeout.Infinite, context.RequestAborted));
                else state = JobState.Cancelled;
            });
        });
        using var client = service.Client();
        var follower = new JobFollower(client) { Silence = TimeSpan.FromMilliseconds(100), Patience = TimeSpan.FromMilliseconds(1) };

        var job = await follower.Follow(StandInService.NewId(), null, null, CancellationToken.None);

        Assert.Equal(JobState.Cancelled, job.Status);
    }

    private static async Task Send(HttpContext context, long id, string type, string data)
    {
        var item = $$"""{"id":{{id}},"type":"{{type}}","attempt":1,"at":"2026-01-01T00:00:00Z","data":{{data}}}""";
        await context.Response.WriteAsync($"id: {id}\nevent: {type}\ndata: {item}\n\n");
        await context.Response.Body.FlushAsync();
    }
}
