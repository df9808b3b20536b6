using System.Diagnostics;

namespace KdService.Api.Logging;

/// <summary>One line a request: what changes something at Information, what only looks at Debug. Query strings and headers stay out of the log.</summary>
public sealed class RequestLog(RequestDelegate next, ILogger<RequestLog> log)
{
    /// <summary>Runs the rest of the pipeline and notes how it went.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        var level = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) ? LogLevel.Debug : LogLevel.Information;
        if (!log.IsEnabled(level))
        {
            await next(context);
            return;
        }
        var started = Stopwatch.GetTimestamp();
        await next(context);
        log.Log(level, "{Method} {Path} {Status} in {Milliseconds:0.0} ms",
            request.Method, request.Path.Value, context.Response.StatusCode, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
    }
}
