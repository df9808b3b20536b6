using System.Text.Json;
using System.Text.Json.Nodes;
using KdService.Api.Errors;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Api.OpenApi;

/// <summary>What an endpoint's documentation says beyond its summary and description. Read by <see cref="OperationDocumentation"/>.</summary>
public static class Documentation
{
    /// <summary>Names the problems that an endpoint answers with, besides those of every endpoint.</summary>
    public static TBuilder Refuses<TBuilder>(this TBuilder endpoint, params IEnumerable<ProblemKind> kinds) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new Refusals([.. kinds]));

    /// <summary>Describes a path parameter, with a value that works.</summary>
    public static TBuilder WithPathExample<TBuilder>(this TBuilder endpoint, string name, string description, string value) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new PathExample(name, description, value));

    /// <summary>Describes a request header, with a value that works.</summary>
    public static TBuilder WithHeader<TBuilder>(this TBuilder endpoint, string name, string description, string value) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new HeaderExample(name, description, value));

    /// <summary>Says that the body is a job spec, and shows one that works for every method.</summary>
    public static TBuilder TakesJobSpec<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.Takes<TBuilder, JobSpec>("A job spec", () => Examples.Specs);

    /// <summary>Says that the body is a document of a type, and shows some that work, by their names.</summary>
    public static TBuilder Takes<TBuilder, TDocument>(this TBuilder endpoint, string description, Func<IReadOnlyDictionary<string, JsonObject>> examples)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new DocumentBody(typeof(TDocument).Name, description, examples));

    /// <summary>Says that the body is files, and fields beside them.</summary>
    public static TBuilder TakesFiles<TBuilder>(this TBuilder endpoint, string description) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new FilesBody(description));

    /// <summary>Shows an answer of an endpoint; it is made when the documentation is first asked for.</summary>
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder endpoint, Func<T> example, int status = StatusCodes.Status200OK, string mediaType = "application/json") =>
        endpoint.WithMetadata(new AnswerExample(status, mediaType, () => JsonSerializer.SerializeToNode(example(), Json.Compact)!));

    internal sealed record Refusals(IReadOnlyList<ProblemKind> Kinds);

    internal sealed record PathExample(string Name, string Description, string Value);

    internal sealed record HeaderExample(string Name, string Description, string Value);

    internal sealed record DocumentBody(string Schema, string Description, Func<IReadOnlyDictionary<string, JsonObject>> Examples);

    internal sealed record FilesBody(string Description);

    internal sealed record AnswerExample(int Status, string MediaType, Func<JsonNode> Example);
}
