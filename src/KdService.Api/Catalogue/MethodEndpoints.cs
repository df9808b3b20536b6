using KdService.Api.Errors;
using KdService.Api.OpenApi;
using KdService.Api.Requests;
using KdService.Core.Methods;
using KdService.Core.Wire;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdService.Api.Catalogue;

/// <summary>What specs may name: distillation methods.</summary>
public static class MethodEndpoints
{
    /// <summary>Maps <c>/methods</c>.</summary>
    public static void MapMethods(this RouteGroupBuilder v1)
    {
        var methods = v1.MapGroup("/methods").WithTags("Catalogue");

        methods.MapRead("", () => TypedResults.Ok(new Page<MethodDescription>(MethodCatalogue.All, null)))
            .WithName("list_methods")
            .WithSummary("List the distillation methods")
            .WithDescription("Every method with its paper and its options as a JSON schema: types, ranges, defaults, and where each default comes from. The `options` schema describes the `method` object of a job spec.")
            .Answers(() => new Page<MethodDescription>([Find("kd")!], null));

        methods.MapRead("/{name}", Get)
            .WithName("get_method")
            .WithSummary("Show one method")
            .WithDescription("One method with its paper and its options as a JSON schema.")
            .WithPathExample("name", "The method's name.", "kd")
            .Answers(() => Find("kd")!)
            .Refuses(ProblemKind.NotFound);
    }

    private static Ok<MethodDescription> Get(string name) =>
        Find(name) is { } method
            ? TypedResults.Ok(method)
            : throw new RequestException(ProblemKind.NotFound, $"there is no method of that name; one of {string.Join(", ", MethodCatalogue.All.Select(known => known.Name))}");

    private static MethodDescription? Find(string name) => MethodCatalogue.All.FirstOrDefault(method => method.Name == name);
}
