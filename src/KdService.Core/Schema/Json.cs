using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace KdService.Core.Schema;

/// <summary>The one JSON dialect of the project: snake_case, enums as words, unions told apart by a named field.</summary>
public static class Json
{
    /// <summary>How names are written: <c>MaxTemperature</c> is <c>max_temperature</c>.</summary>
    public static JsonNamingPolicy Naming { get; } = JsonNamingPolicy.SnakeCaseLower;

    /// <summary>Compact JSON, as stored and as sent on one line.</summary>
    public static JsonSerializerOptions Compact { get; } = Configure(new JsonSerializerOptions());

    /// <summary>Indented JSON, for files that people open.</summary>
    public static JsonSerializerOptions Indented { get; } = Configure(new JsonSerializerOptions { WriteIndented = true });

    /// <summary>Applies the dialect to options that somebody else made (ASP.NET's, say).</summary>
    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = Naming;
        options.DictionaryKeyPolicy = null;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        // PostgreSQL's jsonb does not keep the order of keys, so a union's name may come late.
        options.AllowOutOfOrderMetadataProperties = true;
        options.Converters.Add(new JsonStringEnumConverter(Naming, allowIntegerValues: false));
        options.TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { LeaveOutDerivedValues, DescribeUnion } };
        return options;
    }

    /// <summary>Serialises in the project's dialect.</summary>
    public static string Write<T>(T value, bool indented = false) => JsonSerializer.Serialize(value, indented ? Indented : Compact);

    /// <summary>Reads what the project itself wrote. For what users write, see <see cref="DocumentReader"/>.</summary>
    /// <exception cref="JsonException">The text is not what the type expects.</exception>
    public static T Read<T>(string json) =>
        JsonSerializer.Deserialize<T>(json, Compact) ?? throw new JsonException($"null where a {typeof(T).Name} belongs");

    /// <summary>What a record computes from its fields is not part of the document.</summary>
    private static void LeaveOutDerivedValues(JsonTypeInfo info)
    {
        if (info.Kind != JsonTypeInfoKind.Object || info.Type.Assembly != typeof(Json).Assembly) return;
        foreach (var derived in info.Properties.Where(property => property.Set is null).ToList()) info.Properties.Remove(derived);
    }

    private static void DescribeUnion(JsonTypeInfo info)
    {
        if (Union.Of(info.Type) is not { } union) return;
        info.PolymorphismOptions = new JsonPolymorphismOptions { TypeDiscriminatorPropertyName = union.Discriminator };
        foreach (var (name, type) in union.Cases)
            info.PolymorphismOptions.DerivedTypes.Add(new JsonDerivedType(type, name));
    }
}
