using KdService.Api.OpenApi;
using KdService.Api.Requests;
using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Wire;

namespace KdService.Api.Catalogue;

/// <summary>What specs may name: networks.</summary>
public static class ModelEndpoints
{
    private static readonly Page<ModelView> Models = new([.. ArchitectureCatalogue.All.Values.Select(Describe)], null);

    /// <summary>Maps <c>/models</c>.</summary>
    public static void MapModels(this RouteGroupBuilder v1) =>
        v1.MapRead("/models", () => TypedResults.Ok(Models))
            .WithTags("Catalogue")
            .WithName("list_models")
            .WithSummary("List the networks")
            .WithDescription("Every network that a spec may name as teacher, assistant or student, with its parameters for 10 and 100 classes and the arithmetic of one forward pass; those that take vectors, for vectors of the length that clusters has by default; those that take texts, for 128 tokens of a vocabulary of 30,522.")
            .Answers(() => Models with { Items = [Models.Items[0]] });

    private static ModelView Describe(Architecture architecture) => new(
        architecture.Name,
        architecture.Family,
        new Dictionary<string, long> { ["10"] = architecture.Parameters(Example(architecture, 10)), ["100"] = architecture.Parameters(Example(architecture, 100)) },
        architecture.MultiplyAdds(Example(architecture, 10)));

    private static DataShape Example(Architecture architecture, int classes) => architecture.Takes switch
    {
        InputKind.Text => DataShape.Text(vocabulary: 30_522, length: 128, Target.Class, classes),
        InputKind.Vectors => new Clusters().Shape with { Classes = classes },
        _ => DataShape.Pictures(classes),
    };
}
