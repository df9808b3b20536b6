using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using KdService.Api.Errors;
using KdService.Core.Schema;

namespace KdService.Api.Requests;

/// <summary>
/// A query string, read like a document: <typeparamref name="T"/>'s <see cref="FieldAttribute"/>s say what is accepted, what is wrong is
/// answered all at once, and OpenAPI shows the same.
/// </summary>
/// <param name="Value">The parameters.</param>
public sealed record Query<T>(T Value) : IBindableFromHttpContext<Query<T>> where T : class, IQuery<T>
{
    private static readonly JsonObject Schemas = JsonSchema.Of(typeof(T))["properties"]!.AsObject();

    /// <summary>Reads the query string of a request.</summary>
    /// <exception cref="RequestException">A parameter is unknown, or its value is not acceptable.</exception>
    static ValueTask<Query<T>?> IBindableFromHttpContext<Query<T>>.BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var document = new JsonObject();
        var problems = new ProblemList();
        foreach (var (name, values) in context.Request.Query)
        {
            var type = (string?)Schemas[name]?["type"];
            if (type == "array") document[name] = new JsonArray([.. values.Select(value => JsonValue.Create(value))]);
            else if (values.Count == 1) document[name] = Scalar(type, values[0] ?? "");
            else problems.Add($"/{name}", "given more than once; once");
        }
        var read = DocumentReader.Parse(JsonSerializer.SerializeToUtf8Bytes(document), problems);
        var value = read is { } element ? DocumentReader.Read<T>(element, problems) : null;
        if (problems.None) value?.Check(problems);
        if (value is not null && problems.None) return ValueTask.FromResult<Query<T>?>(new Query<T>(value));
        throw new RequestException(ProblemKind.InvalidParameter, $"the query parameters here are {string.Join(", ", Schemas.Select(schema => schema.Key))}", problems.Items);
    }

    private static JsonValue? Scalar(string? type, string text) => type switch
    {
        "integer" when long.TryParse(text, out var number) => JsonValue.Create(number),
        "number" when double.TryParse(text, out var number) && double.IsFinite(number) => JsonValue.Create(number),
        "boolean" when bool.TryParse(text, out var truth) => JsonValue.Create(truth),
        _ => JsonValue.Create(text),
    };
}

/// <summary>The parameters of a query string, each with a <see cref="FieldAttribute"/>.</summary>
public interface IQuery<TSelf> where TSelf : class, IQuery<TSelf>
{
    /// <summary>Parameters that work, for the documentation.</summary>
    static abstract TSelf Example { get; }

    /// <summary>Notes what the fields cannot say: names that nothing bears.</summary>
    void Check(ProblemList problems)
    {
    }
}

/// <summary>Refuses query parameters where none are read: a filter that is silently ignored answers another question than was asked.</summary>
public static class NoQueryFilter
{
    /// <summary>Adds the check to every endpoint of a group that has no <see cref="Query{T}"/>.</summary>
    public static RouteGroupBuilder RefuseUnreadQueries(this RouteGroupBuilder group) => group.AddEndpointFilterFactory((factory, next) =>
        factory.MethodInfo.GetParameters().Any(parameter => parameter.ParameterType.IsQuery()) ? next : context =>
        {
            if (context.HttpContext.Request.Query.Count == 0) return next(context);
            throw new RequestException(ProblemKind.InvalidParameter, "this address takes no query parameters",
                [.. context.HttpContext.Request.Query.Keys.Select(name => new Problem($"/{name}", "unknown parameter; leave it out"))]);
        });

    /// <summary>Whether a parameter is a <see cref="Query{T}"/>.</summary>
    internal static bool IsQuery(this Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Query<>);
}
