using System.Text;
using System.Text.Json.Nodes;
using KdService.Core.Methods;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Cli.Commands;

/// <summary>Writes the reference of the job spec from its schema, so that it cannot say anything else than validation does.</summary>
public static class SpecReference
{
    // Parts that recur: they are described where they come first.
    private static readonly string[] Elsewhere = ["teacher.training", "method.stages[].optimizer", "method.stages[].schedule", "method.stages[].peers[].losses", "evaluation.also_on[].dataset"];

    /// <summary>The whole document.</summary>
    public static string Markdown()
    {
        var text = new StringBuilder("""
            # The job spec

            Written by `./kd docs > docs/spec.md` from the descriptions that also validate specs and fill the OpenAPI document.
            Unknown fields are refused; a field that is left out takes its default.


            """);
        Section(text, "spec", "", JsonSchema.Of(typeof(JobSpec)), 2);
        text.Append("## Where methods come from\n\n| method | paper | what was read |\n|---|---|---|\n");
        foreach (var method in MethodCatalogue.All)
            text.Append($"| `{method.Name}` | {Cell(method.Paper ?? "-")} | {Cell(method.Evidence ?? "-")} |\n");
        return text.ToString();
    }

    /// <summary>One object's fields, and then those of the objects in it.</summary>
    private static void Section(StringBuilder text, string title, string path, JsonObject schema, int level)
    {
        text.Append($"{new string('#', level)} {title}\n\n");
        if (schema["description"] is { } description) text.Append($"{description}\n\n");
        var required = schema["required"]?.AsArray().Select(name => (string)name!).ToHashSet() ?? [];
        var fields = schema["properties"]!.AsObject().Where(field => field.Value!["const"] is null).ToList();
        if (fields.Count == 0) text.Append("No fields of its own.\n\n");
        else text.Append("| field | type | default | meaning |\n|---|---|---|---|\n");
        foreach (var (name, field) in fields)
        {
            var fallback = required.Contains(name) ? "required" : field!["default"] is { } value && value is not JsonObject ? $"`{value.ToJsonString()}`" : "";
            text.Append($"| `{name}` | {Kind(field!.AsObject())} | {fallback} | {Cell((string?)field["description"] ?? "")} |\n");
        }
        if (fields.Count > 0) text.Append('\n');
        foreach (var (name, field) in fields) Nested(text, path.Length == 0 ? name : $"{path}.{name}", field!.AsObject(), level + 1);
    }

    private static void Nested(StringBuilder text, string path, JsonObject schema, int level)
    {
        if (Elsewhere.Any(part => path.StartsWith(part, StringComparison.Ordinal))) return;
        if (schema["items"] is JsonObject items)
        {
            Nested(text, $"{path}[]", items, level);
            return;
        }
        if (schema["oneOf"] is JsonArray cases)
        {
            foreach (var member in cases.Select(node => node!.AsObject()))
            {
                var (discriminator, value) = member["properties"]!.AsObject().First(field => field.Value!["const"] is not null);
                Section(text, $"`{path}` with `\"{discriminator}\": \"{value!["const"]}\"`", path, member, Math.Min(level, 4));
            }
        }
        else if (schema["properties"] is not null) Section(text, $"`{path}`", path, WithoutDescription(schema), Math.Min(level, 4));
    }

    private static JsonObject WithoutDescription(JsonObject schema)
    {
        var copy = schema.DeepClone().AsObject();
        copy.Remove("description");
        return copy;
    }

    private static string Kind(JsonObject schema)
    {
        if (schema["enum"] is JsonArray words) return string.Join(", ", words.Select(word => $"`{word}`"));
        if (schema["oneOf"] is JsonArray) return "one of several, see below";
        if (schema["properties"] is not null) return "object, see below";
        var type = (string?)schema["type"] ?? "";
        if (type == "array") return $"list of {Kind(schema["items"]!.AsObject())}";
        var range = (schema["minimum"], schema["exclusiveMinimum"], schema["maximum"]) switch
        {
            ({ } from, null, { } to) => $" from {from} to {to}",
            (null, { } above, { } to) => $" above {above}, at most {to}",
            ({ } from, null, null) => $" from {from}",
            (null, { } above, null) => $" above {above}",
            (null, null, { } to) => $" up to {to}",
            _ => "",
        };
        return type + range;
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
