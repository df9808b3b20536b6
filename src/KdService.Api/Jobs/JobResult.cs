using System.Security.Cryptography;
using KdService.Core.Jobs;
using KdService.Jobs;
using Microsoft.Net.Http.Headers;

namespace KdService.Api.Jobs;

/// <summary>A job's document, as those who poll want it: when to ask again, and nothing when nothing has changed.</summary>
public sealed class JobResult(JobDocument job) : IResult
{
    /// <inheritdoc />
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(job.Json).AsSpan(0, 16))}\"");
        var headers = httpContext.Response.Headers;
        headers.ETag = tag.ToString();
        headers.CacheControl = "no-cache";
        // A waiting job moves when its teacher is done, which takes longer than an epoch.
        if (!job.Status.IsTerminal()) headers.RetryAfter = job.Status is JobState.Waiting or JobState.Paused ? "5" : "1";
        if (IsKnown(tag, httpContext.Request))
        {
            httpContext.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        httpContext.Response.ContentLength = job.Json.Length;
        await httpContext.Response.Body.WriteAsync(job.Json, httpContext.RequestAborted);
    }

    /// <summary>Whether the caller has this document: RFC 9110, 13.1.2. A proxy that compresses makes our tag a weak one.</summary>
    private static bool IsKnown(EntityTagHeaderValue tag, HttpRequest request) =>
        EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out var known)
        && known.Any(one => one.Equals(EntityTagHeaderValue.Any) || one.Compare(tag, useStrongComparison: false));
}
