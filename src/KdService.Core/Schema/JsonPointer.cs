using System.Text.Json.Nodes;

namespace KdService.Core.Schema;

/// <summary>JSON pointers (RFC 6901) through objects.</summary>
public static class JsonPointer
{
    /// <summary>A field's name as a pointer writes it.</summary>
    public static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    /// <summary>The names of the fields that a pointer leads through.</summary>
    public static IReadOnlyList<string> Fields(string pointer) =>
        [.. pointer.Split('/').Skip(1).Select(field => field.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];

    /// <summary>What a pointer leads to from a place: <c>/temperature</c> for <c>/method/temperature</c> from <c>/method</c>, empty for the place itself; null if it lies elsewhere.</summary>
    public static string? Below(string pointer, string place) =>
        pointer.StartsWith(place, StringComparison.Ordinal) && (pointer.Length == place.Length || pointer[place.Length] == '/') ? pointer[place.Length..] : null;

    /// <summary>The value that a pointer leads to; null if there is none.</summary>
    public static JsonNode? Find(JsonObject document, string pointer)
    {
        JsonNode? found = document;
        foreach (var field in Fields(pointer)) found = (found as JsonObject)?[field];
        return found;
    }

    /// <summary>Puts a value where a pointer leads, making the objects on the way.</summary>
    /// <returns>Whether that could be done: on the way are only objects.</returns>
    public static bool TrySet(JsonObject document, string pointer, JsonNode? value)
    {
        var (place, fields) = (document, Fields(pointer));
        foreach (var field in fields.SkipLast(1))
        {
            place[field] ??= new JsonObject();
            if (place[field] is not JsonObject next) return false;
            place = next;
        }
        place[fields[^1]] = value;
        return true;
    }
}
