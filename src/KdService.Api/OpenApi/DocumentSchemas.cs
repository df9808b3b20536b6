using System.Reflection;
using KdService.Core.Benchmarks;
using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Schedules;
using KdService.Core.Schema;
using KdService.Core.Specs;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace KdService.Api.OpenApi;

/// <summary>Takes the schemas of what users write from where they are defined, so that ranges, defaults and methods show up by themselves; orders the groups.</summary>
public sealed class DocumentSchemas : IDocumentFilter
{
    /// <summary>The documents that users write, and the unions that plans have in common with job specs.</summary>
    public static IReadOnlyList<Type> Types { get; } = [typeof(JobSpec), typeof(BenchmarkSpec), typeof(ScheduleSpec), typeof(ScheduleChange), typeof(Dataset), typeof(Method), typeof(Objective), typeof(Optimizer), typeof(LrSchedule)];

    /// <inheritdoc />
    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        // The order in which Swagger UI shows the groups.
        swaggerDoc.Tags = new HashSet<OpenApiTag>
        {
            new() { Name = "Jobs", Description = "Submit jobs, follow them, steer them." },
            new() { Name = "Benchmarks", Description = "Compare methods: a matrix of jobs that share teachers, and one report." },
            new() { Name = "Schedules", Description = "Run a job or a benchmark again and again, and see how its numbers move." },
            new() { Name = "Artifacts", Description = "The bytes that jobs made." },
            new() { Name = "Catalogue", Description = "What specs may name: methods, networks, data sets." },
            new() { Name = "Nodes", Description = "The hosts that run jobs." },
            new() { Name = "Health", Description = "For orchestrators." },
        };
        foreach (var type in Types) swaggerDoc.AddComponent(type.Name, Parse(JsonSchema.Of(type).ToJsonString(), swaggerDoc));
    }

    /// <summary>A JSON schema in OpenAPI's object model.</summary>
    internal static OpenApiSchema Parse(string json, OpenApiDocument document)
    {
        var schema = OpenApiModelFactory.Parse<OpenApiSchema>(json, OpenApiSpecVersion.OpenApi3_1, document, out var diagnostic, OpenApiConstants.Json);
        return schema is not null && diagnostic.Errors.Count == 0
            ? schema
            : throw new InvalidOperationException($"the schema {json} is not OpenAPI's: {string.Join("; ", diagnostic.Errors)}");
    }
}

/// <summary>Leaves out of response schemas what records compute for themselves and JSON does not carry.</summary>
public sealed class WireSchemas : ISchemaFilter
{
    /// <inheritdoc />
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is not OpenApiSchema { Properties: { } properties } concrete || context.Type.Assembly != typeof(JobSpec).Assembly) return;
        foreach (var derived in context.Type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is null))
        {
            var name = Json.Naming.ConvertName(derived.Name);
            properties.Remove(name);
            concrete.Required?.Remove(name);
        }
    }
}
