using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace KdService.Core.Schema;

/// <summary>
/// Reads a JSON document that a user wrote into a record, noting every problem instead of stopping at the first:
/// unknown and duplicate fields, wrong types, numbers out of range, missing fields, unknown cases of unions.
/// </summary>
public static class DocumentReader
{
    /// <summary>The largest document that is read, in bytes.</summary>
    public const int MaxBytes = 1 << 20;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    /// <summary>Parses JSON text; null, with a problem noted, if it is malformed.</summary>
    public static JsonElement? Parse(ReadOnlyMemory<byte> json, ProblemList problems)
    {
        // Editors of some systems write it; it says nothing but that this is UTF-8.
        if (json.Span.StartsWith(ByteOrderMark)) json = json[ByteOrderMark.Length..];
        if (!Utf8.IsValid(json.Span))
        {
            problems.Add("", "not valid UTF-8");
            return null;
        }
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            if (JsonText.Fault(document.RootElement) is { } fault)
            {
                problems.Add("", $"not valid JSON: {fault.Pointer}: {fault.Problem}");
                return null;
            }
            return document.RootElement.Clone();
        }
        // Names are decoded while they are compared, and throw the second where they are no text.
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            // The parser's message says where it stopped, which is what the author of the document needs.
            problems.Add("", $"not valid JSON: {(malformed is JsonException unparsed ? JsonText.Words(unparsed) : malformed.Message)}");
            return null;
        }
    }

    /// <summary>Reads a value of type <typeparamref name="T"/>. If <paramref name="problems"/> gains entries the result is incomplete.</summary>
    public static T? Read<T>(JsonElement element, ProblemList problems, string pointer = "") where T : class =>
        (T?)ReadObject(typeof(T), element, pointer, problems);

    private static object? ReadValue(Type type, FieldAttribute? field, JsonElement element, string pointer, ProblemList problems)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
            return element.ValueKind == JsonValueKind.Null ? null : ReadValue(inner, field, element, pointer, problems);
        if (type == typeof(string)) return ReadString(field, element, pointer, problems);
        if (type == typeof(bool)) return ReadBoolean(element, pointer, problems);
        if (type == typeof(int) || type == typeof(long)) return ReadInteger(type, field, element, pointer, problems);
        if (type == typeof(double)) return ReadNumber(field, element, pointer, problems);
        if (type.IsEnum) return ReadEnum(type, element, pointer, problems);
        if (typeof(IDictionary).IsAssignableFrom(type)) return ReadMap(type, field, element, pointer, problems);
        if (ElementType(type) is { } item) return ReadList(item, field, element, pointer, problems);
        if (type == typeof(JsonNode)) return JsonSerializer.SerializeToNode(element);
        if (type == typeof(JsonObject) && element.ValueKind == JsonValueKind.Object) return JsonObject.Create(element);
        return ReadObject(type, element, pointer, problems);
    }

    private static object? ReadObject(Type type, JsonElement element, string pointer, ProblemList problems)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            problems.Add(pointer, $"{Show(element)} given; an object");
            return null;
        }

        string? discriminator = null;
        if (Union.Of(type) is { } union)
        {
            discriminator = union.Discriminator;
            var place = $"{pointer}/{discriminator}";
            if (!element.TryGetProperty(discriminator, out var name))
            {
                problems.Add(place, $"missing; one of {string.Join(", ", union.Cases.Keys)}");
                return null;
            }
            if (name.ValueKind != JsonValueKind.String || !union.Cases.TryGetValue(name.GetString()!, out var found))
            {
                problems.Add(place, $"{Show(name)} given; one of {string.Join(", ", union.Cases.Keys)}");
                return null;
            }
            type = found;
        }

        var properties = Properties(type);
        var instance = Activator.CreateInstance(type)!;
        foreach (var member in element.EnumerateObject())
        {
            if (member.Name == discriminator) continue;
            var place = $"{pointer}/{JsonPointer.Escape(member.Name)}";
            if (!properties.TryGetValue(member.Name, out var property))
                problems.Add(place, $"unknown field; {(properties.Count > 0 ? Nearest(member.Name, properties.Keys) : $"{Union.Case(type).Name} has no options")}");
            else if (member.Value.ValueKind == JsonValueKind.Null)
                problems.Require(AllowsNull(property), place, property.IsDefined(typeof(RequiredMemberAttribute))
                    ? "null given; the field is required"
                    : "null given; leave the field out for its default");
            else if (ReadValue(property.PropertyType, Field(property), member.Value, place, problems) is { } value)
                property.SetValue(instance, value);
        }
        foreach (var (name, property) in properties)
        {
            if (property.IsDefined(typeof(RequiredMemberAttribute)) && !element.TryGetProperty(name, out _))
                problems.Add($"{pointer}/{name}", $"missing; {Lower(Field(property)?.Description ?? "required")}");
        }
        return instance;
    }

    private static string? ReadString(FieldAttribute? field, JsonElement element, string pointer, ProblemList problems)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            problems.Add(pointer, $"{Show(element)} given; a string");
            return null;
        }
        var text = element.GetString()!;
        if (field is null) return text;
        problems.Require(text.Length <= field.MaxLength, pointer, $"{text.Length} characters given; at most {field.MaxLength}");
        if (field.Pattern is { } pattern)
            problems.Require(Regex.IsMatch(text, $"\\A(?:{pattern})\\z"), pointer, $"{Show(element)} given; {field.PatternInWords ?? $"a string that matches {pattern}"}");
        return text;
    }

    private static bool? ReadBoolean(JsonElement element, string pointer, ProblemList problems)
    {
        if (element.ValueKind is JsonValueKind.True or JsonValueKind.False) return element.GetBoolean();
        problems.Add(pointer, $"{Show(element)} given; true or false");
        return null;
    }

    private static object? ReadInteger(Type type, FieldAttribute? field, JsonElement element, string pointer, ProblemList problems)
    {
        if (element.ValueKind == JsonValueKind.Number && Integer(element) is { } number
            && (type == typeof(long) || number is >= int.MinValue and <= int.MaxValue) && field?.Accepts(number) != false)
            return Convert.ChangeType(number, type, CultureInfo.InvariantCulture);
        problems.Add(pointer, $"{Show(element)} given; an integer{(field is null ? "" : " " + field.RangeInWords)}");
        return null;
    }

    // JSON has one kind of number: 4.0 and 4e0 are the integer 4, as far as a double tells integers apart.
    private static long? Integer(JsonElement element)
    {
        if (element.TryGetInt64(out var number)) return number;
        return element.TryGetDouble(out var real) && double.IsInteger(real) && Math.Abs(real) <= 1L << 53 ? (long)real : null;
    }

    private static double? ReadNumber(FieldAttribute? field, JsonElement element, string pointer, ProblemList problems)
    {
        if (element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out var number)
            && double.IsFinite(number) && field?.Accepts(number) != false)
            return number;
        problems.Add(pointer, $"{Show(element)} given; a number{(field is null ? "" : " " + field.RangeInWords)}");
        return null;
    }

    private static object? ReadEnum(Type type, JsonElement element, string pointer, ProblemList problems)
    {
        var names = Enum.GetNames(type).ToDictionary(Json.Naming.ConvertName);
        if (element.ValueKind == JsonValueKind.String && names.TryGetValue(element.GetString()!, out var name))
            return Enum.Parse(type, name);
        problems.Add(pointer, $"{Show(element)} given; one of {string.Join(", ", names.Keys)}");
        return null;
    }

    private static Array? ReadList(Type item, FieldAttribute? field, JsonElement element, string pointer, ProblemList problems)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            problems.Add(pointer, $"{Show(element)} given; a list");
            return null;
        }
        var length = element.GetArrayLength();
        if (field is not null && !problems.Require(length <= field.MaxItems, pointer, $"{length} elements given; at most {field.MaxItems}"))
            return null;
        var list = Array.CreateInstance(item, length);
        var index = 0;
        foreach (var entry in element.EnumerateArray())
        {
            if (ReadValue(item, field, entry, $"{pointer}/{index}", problems) is { } value) list.SetValue(value, index);
            index++;
        }
        return list;
    }

    private static object? ReadMap(Type type, FieldAttribute? field, JsonElement element, string pointer, ProblemList problems)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            problems.Add(pointer, $"{Show(element)} given; an object of strings");
            return null;
        }
        var map = (IDictionary)Activator.CreateInstance(type)!;
        foreach (var member in element.EnumerateObject())
        {
            var place = $"{pointer}/{JsonPointer.Escape(member.Name)}";
            problems.Require(member.Name.Length is > 0 and <= 63, place, "a key has from 1 to 63 characters");
            if (ReadString(field, member.Value, place, problems) is { } text) map[member.Name] = text;
        }
        problems.Require(map.Count <= 32, pointer, $"{map.Count} entries given; at most 32");
        return map;
    }

    /// <summary>The fields of a record by their JSON names.</summary>
    internal static IReadOnlyDictionary<string, PropertyInfo> Properties(Type type) => type
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.IsDefined(typeof(FieldAttribute)))
        .ToDictionary(property => Json.Naming.ConvertName(property.Name));

    internal static FieldAttribute? Field(PropertyInfo property) => property.GetCustomAttribute<FieldAttribute>();

    internal static bool AllowsNull(PropertyInfo property) =>
        new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;

    internal static Type? ElementType(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? type.GetGenericArguments()[0] : null;

    private static string Show(JsonElement element)
    {
        var raw = element.GetRawText();
        return raw.Length <= 40 ? raw : element.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "a list",
            _ => string.Concat(raw.AsSpan(0, 37), "..."),
        };
    }

    private static string Nearest(string given, IEnumerable<string> names)
    {
        var known = names.Order(StringComparer.Ordinal).ToList();
        return Spelling.Nearest(given, known) is { } near ? $"did you mean {near}?" : $"the fields here are {string.Join(", ", known)}";
    }

    private static string Lower(string sentence) => char.ToLower(sentence[0], CultureInfo.InvariantCulture) + sentence[1..].TrimEnd('.');
}
