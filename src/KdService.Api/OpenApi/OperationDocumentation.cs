using System.Text.Json;
using System.Text.Json.Nodes;
using KdService.Api.Errors;
using KdService.Api.Requests;
using KdService.Core.Schema;
using KdService.Core.Wire;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;
using static KdService.Api.OpenApi.Documentation;

namespace KdService.Api.OpenApi;

/// <summary>Writes each operation's parameters, body, examples and problems from what its endpoint carries.</summary>
public sealed class OperationDocumentation : IOperationFilter
{
    private const string ProblemJson = "application/problem+json";

    /// <inheritdoc />
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var metadata = context.ApiDescription.ActionDescriptor.EndpointMetadata;
        operation.Parameters =
        [
            .. metadata.OfType<PathExample>().Select(path => Parameter(path.Name, ParameterLocation.Path, path.Description, path.Value)),
            .. context.MethodInfo.GetParameters().Where(parameter => parameter.ParameterType.IsQuery()).SelectMany(parameter => QueryParameters(parameter.ParameterType, context.Document)),
            .. metadata.OfType<HeaderExample>().Select(header => Parameter(header.Name, ParameterLocation.Header, header.Description, header.Value)),
        ];
        if (metadata.OfType<DocumentBody>().FirstOrDefault() is { } body) operation.RequestBody = Body(body, context.Document);
        if (metadata.OfType<FilesBody>().FirstOrDefault() is { } files) operation.RequestBody = Body(files);
        foreach (var answer in metadata.OfType<AnswerExample>())
        {
            operation.Responses![$"{answer.Status}"].Content![answer.MediaType].Example = answer.Example();
        }
        var problem = context.SchemaGenerator.GenerateSchema(typeof(ProblemView), context.SchemaRepository);
        IEnumerable<ProblemKind> common = [ProblemKind.InvalidParameter, ProblemKind.InternalError];
        if (context.ApiDescription.RelativePath!.StartsWith("v1/", StringComparison.Ordinal)) common = common.Append(ProblemKind.Unauthorized);
        foreach (var kinds in metadata.OfType<Refusals>().SelectMany(refusals => refusals.Kinds).Concat(common).GroupBy(kind => kind.Status))
            operation.Responses![$"{kinds.Key}"] = Problem(problem, [.. kinds.Distinct()]);
    }

    private static OpenApiParameter Parameter(string name, ParameterLocation place, string description, string example) => new()
    {
        Name = name,
        In = place,
        Required = place == ParameterLocation.Path,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        Example = example,
    };

    private static IEnumerable<OpenApiParameter> QueryParameters(Type query, OpenApiDocument document)
    {
        var type = query.GetGenericArguments()[0];
        var example = (JsonObject)JsonSerializer.SerializeToNode(type.GetProperty(nameof(IQuery<>.Example))!.GetValue(null), type, Json.Compact)!;
        foreach (var (name, schema) in JsonSchema.Of(type)["properties"]!.AsObject())
        {
            yield return new OpenApiParameter
            {
                Name = name,
                In = ParameterLocation.Query,
                Description = (string?)schema!["description"],
                Schema = DocumentSchemas.Parse(schema.ToJsonString(), document),
                Example = example[name]?.DeepClone(),
            };
        }
    }

    private static OpenApiRequestBody Body(DocumentBody body, OpenApiDocument document) => new()
    {
        Required = true,
        Description = $"{body.Description}; at most {DocumentReader.MaxBytes} bytes.",
        Content = new Dictionary<string, OpenApiMediaType>
        {
            ["application/json"] = new OpenApiMediaType
            {
                Schema = new OpenApiSchemaReference(body.Schema, document),
                Examples = body.Examples().ToDictionary(
                    example => example.Key, IOpenApiExample (example) => new OpenApiExample { Summary = (string?)example.Value["name"], Value = example.Value.DeepClone() }),
            },
        },
    };

    private static OpenApiRequestBody Body(FilesBody body) => new()
    {
        Required = true,
        Description = body.Description,
        Content = new Dictionary<string, OpenApiMediaType>
        {
            ["multipart/form-data"] = new OpenApiMediaType
            {
                Schema = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Properties = new Dictionary<string, IOpenApiSchema>
                    {
                        ["name"] = new OpenApiSchema { Type = JsonSchemaType.String },
                        ["files"] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } },
                    },
                },
            },
        },
    };

    private static OpenApiResponse Problem(IOpenApiSchema schema, IReadOnlyList<ProblemKind> kinds) => new()
    {
        Description = string.Join("; or ", kinds.Select(kind => $"{kind.Title} (`{kind.Type}`)")),
        Content = new Dictionary<string, OpenApiMediaType>
        {
            [ProblemJson] = new OpenApiMediaType
            {
                Schema = schema,
                Example = JsonSerializer.SerializeToNode(Examples.Problem(kinds[0]), Json.Compact),
            },
        },
    };
}
