using System.Text.Json;

namespace KdService.Core.Schema;

/// <summary>Strings of JSON that are no text. The parser decodes them only when they are looked at, and throws then.</summary>
public static class JsonText
{
    /// <summary>Looks at every name and string of a document.</summary>
    /// <param name="element">The document.</param>
    /// <param name="kept">Whether its strings are kept: no database or file name takes U+0000.</param>
    /// <param name="pointer">JSON pointer to the element.</param>
    /// <returns>JSON pointer to the first string that is no text, or to what has such a name, and what is wrong with it; null if all are text.</returns>
    public static (string Pointer, string Problem)? Fault(JsonElement element, bool kept = true, string pointer = "")
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return Read(element.GetString, kept, out _) is { } problem ? (pointer, problem) : null;
            case JsonValueKind.Array:
                foreach (var (index, item) in element.EnumerateArray().Index())
                {
                    if (Fault(item, kept, $"{pointer}/{index}") is { } fault) return fault;
                }
                return null;
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    if (Read(() => member.Name, kept, out var name) is { } wrongName) return (pointer, $"a name: {wrongName}");
                    if (Fault(member.Value, kept, $"{pointer}/{JsonPointer.Escape(name)}") is { } fault) return fault;
                }
                return null;
            default:
                return null;
        }
    }

    /// <summary>What is wrong with JSON that does not parse, in words for whoever wrote it.</summary>
    public static string Words(JsonException malformed) =>
        malformed.Message.StartsWith("Expected depth to be zero", StringComparison.Ordinal) ? "it ends in the middle of an object or a list"
        : malformed.Message.StartsWith("The input does not contain any JSON tokens", StringComparison.Ordinal) ? "it is empty"
        : malformed.Message;

    private static string? Read(Func<string?> decode, bool kept, out string text)
    {
        text = "";
        try
        {
            text = decode()!;
        }
        catch (InvalidOperationException)
        {
            return "half of a surrogate pair, or bytes that are not UTF-8, given; a text is right";
        }
        return kept && text.Contains('\0') ? "a text with the character U+0000 given; one without is right" : null;
    }
}
