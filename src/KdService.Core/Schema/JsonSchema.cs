using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace KdService.Core.Schema;

/// <summary>Writes the JSON schema (2020-12) of a record from its <see cref="FieldAttribute"/>s and default values.</summary>
public static class JsonSchema
{
    /// <summary>The schema of a record or of a union (as <c>oneOf</c> its cases).</summary>
    public static JsonObject Of(Type type)
    {
        if (Union.Of(type) is not { } union) return OfObject(type, null);
        var cases = new JsonArray();
        foreach (var (name, member) in union.Cases) cases.Add(OfObject(member, (union.Discriminator, name)));
        return new JsonObject { ["oneOf"] = cases };
    }

    /// <summary>The schema of one case of a union, discriminator included.</summary>
    public static JsonObject OfCase(Type type) =>
        OfObject(type, (Union.OfCase(type).Discriminator, Union.Case(type).Name));

    private static JsonObject OfObject(Type type, (string Field, string Value)? discriminator)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        if (discriminator is { } named)
        {
            properties[named.Field] = new JsonObject { ["const"] = named.Value };
            required.Add(named.Field);
        }
        var defaults = RuntimeHelpers.GetUninitializedObject(type);
        if (type.GetConstructor(Type.EmptyTypes) is { } constructor) defaults = constructor.Invoke(null);
        foreach (var (name, property) in DocumentReader.Properties(type))
        {
            var schema = OfProperty(property);
            if (property.IsDefined(typeof(RequiredMemberAttribute))) required.Add(name);
            else if (property.GetValue(defaults) is { } value)
                schema["default"] = JsonSerializer.SerializeToNode(value, property.PropertyType, Json.Compact);
            properties[name] = schema;
        }
        var result = new JsonObject { ["type"] = "object" };
        if (discriminator is not null) result["description"] = Union.Case(type).Summary;
        result["properties"] = properties;
        if (required.Count > 0) result["required"] = required;
        result["additionalProperties"] = false;
        return result;
    }

    private static JsonObject OfProperty(PropertyInfo property)
    {
        var field = DocumentReader.Field(property)!;
        var schema = OfValue(property.PropertyType, field);
        schema["description"] = field.Evidence is { } evidence ? $"{field.Description} Evidence for the default: {evidence}." : field.Description;
        return schema;
    }

    private static JsonObject OfValue(Type type, FieldAttribute field)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner) return OfValue(inner, field);
        if (type == typeof(bool)) return new JsonObject { ["type"] = "boolean" };
        if (type == typeof(string))
        {
            var text = new JsonObject { ["type"] = "string", ["maxLength"] = field.MaxLength };
            if (field.Pattern is not null) text["pattern"] = $"^(?:{field.Pattern})$";
            return text;
        }
        if (type == typeof(int) || type == typeof(long) || type == typeof(double))
        {
            var number = new JsonObject { ["type"] = type == typeof(double) ? "number" : "integer" };
            if (double.IsFinite(field.Min)) number[field.ExclusiveMin ? "exclusiveMinimum" : "minimum"] = field.Min;
            if (double.IsFinite(field.Max)) number["maximum"] = field.Max;
            return number;
        }
        if (type.IsEnum)
            return new JsonObject { ["enum"] = new JsonArray([.. Enum.GetNames(type).Select(name => JsonValue.Create(Json.Naming.ConvertName(name)))]) };
        if (typeof(IDictionary).IsAssignableFrom(type))
            return new JsonObject { ["type"] = "object", ["additionalProperties"] = new JsonObject { ["type"] = "string" } };
        if (DocumentReader.ElementType(type) is { } item)
            return new JsonObject { ["type"] = "array", ["items"] = OfValue(item, field), ["maxItems"] = field.MaxItems };
        // What is checked elsewhere, by its place in another document.
        if (type == typeof(JsonNode)) return [];
        if (type == typeof(JsonObject)) return new JsonObject { ["type"] = "object" };
        return Of(type);
    }
}
