using System.Text.Json;
using System.Text.Json.Nodes;
using KdService.Api.Security;
using KdService.Core.Specs;
using Microsoft.OpenApi;

namespace KdService.Api.OpenApi;

/// <summary>The OpenAPI document and Swagger UI.</summary>
public static class OpenApiSetup
{
    private const string SecurityScheme = "api_key";

    private const string Introduction = """
        Distils knowledge from large networks into small ones. Submit a job spec, follow it, fetch the student.

        - JSON is snake_case; times are RFC 3339 in UTC; ids sort by the time they were made.
        - What cannot be done is answered as `application/problem+json` (RFC 9457): compare `type`; `errors` names every field that is wrong, by JSON pointer.
          400 is a request that cannot be read, 422 a document that can be read and not done.
        - Lists come in pages: pass `next` of one page as `cursor` of the following.
        - Send `Idempotency-Key` with a submission; sending it again, from anywhere, answers with the same job.
        """;

    /// <summary>Adds the generator.</summary>
    public static void AddOpenApiDocument(this IHostApplicationBuilder builder)
    {
        builder.Services.AddEndpointsApiExplorer();
        builder.Services.AddSwaggerGen(options =>
        {
            options.SwaggerDoc("v1", new OpenApiInfo { Title = "KdService", Version = "v1", Description = Introduction });
            // HEAD answers as GET does; listing it would say everything twice.
            options.DocInclusionPredicate((_, operation) => operation.HttpMethod != HttpMethods.Head);
            options.SupportNonNullableReferenceTypes();
            options.NonNullableReferenceTypesAsRequired();
            options.IncludeXmlComments(typeof(JobSpec).Assembly);
            options.MapType<JsonObject>(() => new OpenApiSchema { Type = JsonSchemaType.Object });
            options.MapType<JsonElement>(() => new OpenApiSchema());
            options.OperationFilter<OperationDocumentation>();
            options.DocumentFilter<DocumentSchemas>();
            foreach (var type in DocumentSchemas.Types)
                options.MapType(type, () => new OpenApiSchemaReference(type.Name));
            options.SchemaFilter<WireSchemas>();
            options.AddSecurityDefinition(SecurityScheme, new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = $"Needed when the service has keys (Kd:ApiKeys). {ApiKeyGate.Header}: KEY does as well.",
            });
            options.AddSecurityRequirement(document => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(SecurityScheme, document)] = [] });
        });
    }

    /// <summary>Maps <c>/swagger</c> and <c>/swagger/v1/swagger.json</c>.</summary>
    public static void UseOpenApiDocument(this WebApplication app)
    {
        app.UseSwagger(options => options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1);
        app.UseSwaggerUI(options =>
        {
            options.DocumentTitle = "KdService API";
            options.SwaggerEndpoint("v1/swagger.json", "KdService v1");
            options.DisplayRequestDuration();
            options.DefaultModelsExpandDepth(0);
        });
    }
}
