using System.Text;
using System.Text.Json;
using KdService.Api.Errors;
using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Core.Wire;
using KdService.Jobs;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;

namespace KdService.Api.Jobs;

/// <summary>A job's events as Server-Sent Events: what a reader has missed, then what happens, until the job has ended.</summary>
public sealed class EventFeed(JobQueries jobs, string id, long after) : IResult
{
    /// <summary>The media type that asks for a stream.</summary>
    public const string MediaType = "text/event-stream";

    /// <summary>The header in which a reader who reconnects names the last event it saw.</summary>
    public const string LastEventId = "Last-Event-ID";

    /// <summary>A silent stream says so this often, so that proxies and readers do not take it for dead.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private static readonly byte[] Alive = ": alive\n\n"u8.ToArray();

    /// <summary>Whether a request asks for a stream.</summary>
    public static bool IsAskedFor(HttpRequest request) =>
        request.GetTypedHeaders().Accept.Any(accepted => accepted.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase));

    /// <summary>The last event that a reader has seen; null if it does not say.</summary>
    /// <exception cref="RequestException">It is no event's id.</exception>
    public static long? ReadLastEventId(HttpRequest request)
    {
        var given = request.Headers[LastEventId].ToString();
        if (given.Length == 0) return null;
        return long.TryParse(given, out var last) && last >= 0 ? last
            : throw new RequestException(ProblemKind.InvalidParameter, $"{LastEventId}: {given} given; the id of an event, or 0", [new Problem($"/{LastEventId}", $"{given} given; the id of an event, or 0")]);
    }

    /// <inheritdoc />
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var lifetime = httpContext.RequestServices.GetRequiredService<IHostApplicationLifetime>();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, lifetime.ApplicationStopping);
        var cancel = ending.Token;
        var response = httpContext.Response;

        // An EventSource reconnects after every end of the stream until it is told that there is nothing more to come.
        var missed = await jobs.EventsAsync(id, after, 1, cancel);
        if (missed.Items.Count == 0 && (await jobs.GetAsync(id, cancel)).Status.IsTerminal())
        {
            response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        response.ContentType = MediaType;
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        if (HttpMethods.IsHead(httpContext.Request.Method)) return;
        httpContext.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            await WriteAsync(response, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The reader has gone, or the service is stopping: a reader who wants more reconnects.
        }
    }

    private async Task WriteAsync(HttpResponse response, CancellationToken cancel)
    {
        // At once, so that whoever connects to a quiet job knows that the stream is open.
        await response.Body.WriteAsync(Alive, cancel);
        await response.Body.FlushAsync(cancel);
        await using var events = jobs.FollowAsync(id, after, cancel).GetAsyncEnumerator(cancel);
        while (true)
        {
            var next = events.MoveNextAsync().AsTask();
            try
            {
                while (await Task.WhenAny(next, Task.Delay(Heartbeat, cancel)) != next && !cancel.IsCancellationRequested)
                {
                    await response.Body.WriteAsync(Alive, cancel);
                    await response.Body.FlushAsync(cancel);
                }
            }
            finally
            {
                // An enumerator may not be disposed while it is on its way to the next item; it ends with cancel too.
                await next;
            }
            if (!await next) return;
            await response.Body.WriteAsync(Format(events.Current), cancel);
            await response.Body.FlushAsync(cancel);
        }
    }

    private static byte[] Format(EventView happened) =>
        Encoding.UTF8.GetBytes($"id: {happened.Id}\nevent: {happened.Type}\ndata: {JsonSerializer.Serialize(happened, Json.Compact)}\n\n");
}
