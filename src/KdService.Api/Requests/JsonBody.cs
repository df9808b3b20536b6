using System.Text.Json;
using KdService.Api.Errors;
using KdService.Core.Schema;
using Microsoft.Net.Http.Headers;

namespace KdService.Api.Requests;

/// <summary>
/// Reads a request's body as JSON. The length is bounded by Kestrel (<see cref="DocumentReader.MaxBytes"/>), which refuses a longer
/// one before it is read.
/// </summary>
public static class JsonBody
{
    /// <summary>The parsed body.</summary>
    /// <exception cref="RequestException">It is no JSON by its Content-Type (415) or by its bytes (400).</exception>
    public static async Task<JsonElement> ReadAsync(HttpRequest request, CancellationToken cancel)
    {
        RequireJson(request);
        using var body = new MemoryStream((int)Math.Min(request.ContentLength ?? 4096, DocumentReader.MaxBytes));
        await request.Body.CopyToAsync(body, cancel);
        var bytes = body.GetBuffer().AsMemory(0, (int)body.Length);
        var problems = new ProblemList();
        return DocumentReader.Parse(bytes, problems)
            ?? throw new RequestException(ProblemKind.MalformedJson, problems.Items[0].Detail, problems.Items);
    }

    private static void RequireJson(HttpRequest request)
    {
        var given = request.ContentType;
        var isJson = MediaTypeHeaderValue.TryParse(given, out var type)
            && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
            && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase));
        if (!isJson)
            throw new RequestException(ProblemKind.UnsupportedMediaType, $"Content-Type: {given ?? "nothing"} given; application/json, in UTF-8");
    }
}
