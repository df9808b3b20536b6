using KdService.Api.Errors;
using KdService.Core.Schema;

namespace KdService.Api.Requests;

/// <summary>Submissions that may be sent again: the same key and document, from anywhere, is one of what was submitted.</summary>
public static class IdempotencyKey
{
    /// <summary>The header by which a request that is sent again is known.</summary>
    public const string Header = "Idempotency-Key";

    /// <summary>The header that says <c>true</c> when what was submitted was there already.</summary>
    public const string ReplayHeader = "Idempotent-Replayed";

    /// <summary>The most characters of a key.</summary>
    public const int MaxLength = 255;

    /// <summary>The key of a request; null without one.</summary>
    /// <exception cref="RequestException">It is not acceptable.</exception>
    public static string? Read(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(Header, out var given)) return null;
        if (given is [{ Length: > 0 and <= MaxLength } key] && key.All(character => character is > ' ' and <= '~')) return key;
        throw new RequestException(ProblemKind.InvalidParameter, $"{Header}: one key of 1 to {MaxLength} printable ASCII characters without spaces",
            [new Problem($"/{Header}", $"\"{given}\" given; one key of 1 to {MaxLength} printable ASCII characters without spaces")]);
    }

    /// <summary>201 with what was created, or 200 with what was there, and where it is.</summary>
    public static IResult Answer<T>(HttpContext context, string location, T submitted, bool created)
    {
        if (created) return TypedResults.Created(location, submitted);
        context.Response.Headers.Location = location;
        context.Response.Headers[ReplayHeader] = "true";
        return TypedResults.Ok(submitted);
    }
}
