using KdService.Api.Errors;
using KdService.Api.OpenApi;
using KdService.Api.Requests;
using KdService.Jobs;
using Microsoft.Net.Http.Headers;

namespace KdService.Api.Artifacts;

/// <summary>The bytes of checkpoints and artifacts.</summary>
public static class ArtifactEndpoints
{
    /// <summary>Maps <c>/artifacts</c>.</summary>
    public static void MapArtifacts(this RouteGroupBuilder v1) =>
        v1.MapRead("/artifacts/{sha256}", GetAsync)
            .WithTags("Artifacts")
            .WithName("get_artifact")
            .WithSummary("Download an artifact or checkpoint")
            .WithDescription("""
                The bytes with this checksum, streamed. `Range` fetches a part (go on with a broken download by `If-Range` and the checksum as ETag); HEAD tells the length alone.
                The bytes under a checksum never change, so they may be cached for ever.
                """)
            .WithPathExample("sha256", "The checksum in lower-case hexadecimal, as the lists of checkpoints and artifacts give it.", Examples.Sha256)
            .Produces<Stream>(StatusCodes.Status200OK, "application/octet-stream")
            .Produces<Stream>(StatusCodes.Status206PartialContent, "application/octet-stream")
            .Refuses(ProblemKind.ArtifactNotFound, ProblemKind.RangeNotSatisfiable);

    private static async Task<IResult> GetAsync(string sha256, HttpContext context, JobQueries jobs, ArtifactStore store, CancellationToken cancel)
    {
        if (!ArtifactStore.IsChecksum(sha256)) throw NotFound($"{sha256} is no sha256 in lower-case hexadecimal");
        if (await jobs.BlobAsync(sha256, cancel) is not { } blob || store.Open(sha256) is not { } bytes) throw NotFound($"no job has made anything with the checksum {sha256}");
        context.Response.Headers.CacheControl = "private, max-age=31536000, immutable";
        return TypedResults.Stream(bytes, blob.MediaType, blob.Name, entityTag: new EntityTagHeaderValue($"\"{sha256}\""), enableRangeProcessing: true);
    }

    private static RequestException NotFound(string detail) => new(ProblemKind.ArtifactNotFound, detail);
}
