using System.Diagnostics;
using KdService.Core.Schema;
using KdService.Core.Wire;

namespace KdService.Api.Errors;

/// <summary>
/// Every refusal leaves as <c>application/problem+json</c>: exceptions by <see cref="ExceptionProblems"/>, and the bare statuses that
/// routing and ranges set (404, 405, 416) by their kind. A 5xx says no more than a trace id; the log has the rest.
/// </summary>
public sealed class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> log)
{
    /// <summary>Runs the rest of the pipeline.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; nobody is left to answer. 499 is what logs call that.
            if (!context.Response.HasStarted) context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return;
        }
        catch (Exception fault) when (!context.Response.HasStarted)
        {
            var problem = ExceptionProblems.Describe(fault);
            if (problem.Status >= 500)
                log.LogError(fault, "{Method} {Path} failed", context.Request.Method, context.Request.Path.Value);
            context.Response.Clear();
            if (problem.Status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer realm=\"kd-service\"";
            await WriteAsync(context, problem);
            return;
        }
        var response = context.Response;
        if (response.StatusCode == StatusCodes.Status405MethodNotAllowed && HttpMethods.IsOptions(context.Request.Method))
            response.StatusCode = StatusCodes.Status204NoContent; // Routing has set Allow, which is what OPTIONS asks for.
        else if (!response.HasStarted && response.StatusCode >= 400 && IsBare(response))
            await WriteAsync(context, ForStatus(context));
    }

    /// <summary>Whether nobody has given the answer a body. A range that lies outside has the headers of the bytes it is no part of.</summary>
    private static bool IsBare(HttpResponse response) =>
        response.StatusCode == StatusCodes.Status416RangeNotSatisfiable || (response.ContentLength is null && response.ContentType is null);

    private static ProblemView ForStatus(HttpContext context)
    {
        var kind = ProblemKind.ForStatus(context.Response.StatusCode);
        var detail = kind.Status switch
        {
            404 => $"{context.Request.Path.Value} is no address of this service; /swagger lists them",
            405 => $"{context.Request.Method} given; {context.Response.Headers.Allow}",
            416 => $"{context.Request.Headers.Range} given; see Content-Range for the length",
            _ => null,
        };
        return kind.Describe(detail);
    }

    private static async Task WriteAsync(HttpContext context, ProblemView problem)
    {
        var response = context.Response;
        response.StatusCode = problem.Status;
        response.ContentLength = null;
        response.Headers.ContentDisposition = default;
        response.Headers.CacheControl = "no-store";
        if (problem.Status == StatusCodes.Status503ServiceUnavailable) response.Headers.RetryAfter = "5";
        await response.WriteAsJsonAsync(
            problem with { Instance = context.Request.Path.Value, TraceId = Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier },
            Json.Compact, "application/problem+json", context.RequestAborted);
    }
}
