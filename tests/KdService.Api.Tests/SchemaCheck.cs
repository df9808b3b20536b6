using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace KdService.Api.Tests;

/// <summary>Checks JSON against the schemas of an OpenAPI document, as far as this document uses them.</summary>
internal sealed class SchemaCheck(JsonObject document)
{
    /// <summary>Fails unless the value fits the schema.</summary>
    public void Check(JsonNode schema, JsonNode? value, string where)
    {
        if (Misfit(schema, value, where) is { } misfit) Assert.Fail(misfit);
    }

    private string? Misfit(JsonNode schema, JsonNode? value, string where)
    {
        if ((string?)schema["$ref"] is { } reference)
            return Misfit(document["components"]!["schemas"]![reference.Split('/')[^1]] ?? throw new InvalidOperationException($"{reference} dangles"), value, where);
        if (schema["oneOf"] is JsonArray cases)
        {
            var misfits = cases.Select(known => Misfit(known!, value, where)).ToList();
            return misfits.Count(misfit => misfit is null) == 1 ? null : $"{where} fits not one of: {string.Join(" / ", misfits)}";
        }
        if (schema["const"] is { } constant && !JsonNode.DeepEquals(constant, value)) return $"{where}: {value?.ToJsonString()} instead of {constant}";
        if (schema["enum"] is JsonArray words && !words.Any(word => JsonNode.DeepEquals(word, value))) return $"{where}: {value?.ToJsonString()} is none of {words.ToJsonString()}";
        return TypeMisfit(schema, value, where) ?? value switch
        {
            JsonObject members => MemberMisfit(schema, members, where),
            JsonArray items => items.Select((item, index) => schema["items"] is { } of ? Misfit(of, item, $"{where}/{index}") : null).FirstOrDefault(misfit => misfit is not null),
            _ => RangeMisfit(schema, value, where),
        };
    }

    private static string? TypeMisfit(JsonNode schema, JsonNode? value, string where)
    {
        if (schema["type"] is not { } type) return null;
        var accepted = type is JsonArray several ? several.Select(one => (string)one!).ToList() : [(string)type!];
        var fits = value?.GetValueKind() switch
        {
            null or JsonValueKind.Null => accepted.Contains("null"),
            JsonValueKind.String => accepted.Contains("string"),
            JsonValueKind.Number => accepted.Contains("number") || (accepted.Contains("integer") && Regex.IsMatch(value.ToJsonString(), @"\A-?\d+\z")),
            JsonValueKind.True or JsonValueKind.False => accepted.Contains("boolean"),
            JsonValueKind.Array => accepted.Contains("array"),
            _ => accepted.Contains("object"),
        };
        return fits ? null : $"{where}: {value?.ToJsonString()} instead of {type.ToJsonString()}";
    }

    private string? MemberMisfit(JsonNode schema, JsonObject members, string where)
    {
        var properties = schema["properties"]?.AsObject() ?? [];
        var others = schema["additionalProperties"];
        foreach (var required in schema["required"]?.AsArray() ?? [])
            if (!members.ContainsKey((string)required!)) return $"{where}/{required} is missing";
        foreach (var (name, value) in members)
        {
            var place = $"{where}/{name}";
            var misfit = properties[name] is { } known ? Misfit(known, value, place)
                : others is JsonObject other ? Misfit(other, value, place)
                : others?.GetValueKind() == JsonValueKind.False ? $"{place} is not in the schema" : null;
            if (misfit is not null) return misfit;
        }
        return null;
    }

    private static string? RangeMisfit(JsonNode schema, JsonNode? value, string where)
    {
        if (value?.GetValueKind() == JsonValueKind.Number)
        {
            var number = (double)value;
            if (number < Bound("minimum", double.NegativeInfinity) || number > Bound("maximum", double.PositiveInfinity) || number <= Bound("exclusiveMinimum", double.NegativeInfinity))
                return $"{where}: {number} is out of range";
        }
        return schema["pattern"] is { } pattern && value?.GetValueKind() == JsonValueKind.String && !Regex.IsMatch((string)value!, (string)pattern!)
            ? $"{where}: {value} does not match {pattern}" : null;

        double Bound(string name, double none) => schema[name] is { } bound ? (double)bound : none;
    }
}
