using System.Text.Json;
using KdService.Api.OpenApi;
using KdService.Api.Requests;
using KdService.Core.Datasets;
using KdService.Core.Schema;
using KdService.Core.Wire;
using KdService.Jobs;

namespace KdService.Api.Catalogue;

/// <summary>What specs may name: data sets.</summary>
public static class DatasetEndpoints
{
    /// <summary>Maps <c>/datasets</c>.</summary>
    public static void MapDatasets(this RouteGroupBuilder v1) =>
        v1.MapRead("/datasets", (DatasetProbe probe) => TypedResults.Ok(new Page<DatasetView>(List(probe), null)))
            .WithTags("Catalogue")
            .WithName("list_datasets")
            .WithSummary("List the data sets")
            .WithDescription("Every data set with its options as a JSON schema, whether it is present on this host, and how to get it; of a name that stands for several, such as glue, each with whether it is present.")
            .Answers(() => new Page<DatasetView>([Describe(new Procedural(), _ => (true, null))], null));

    private static DatasetView[] List(DatasetProbe probe) =>
    [
        .. from type in Union.Of(typeof(Dataset))!.Cases.Values
           // Files that the user names are neither there nor missing before they are named.
           select type == typeof(TextFiles)
               ? Describe(Json.Read<Dataset>(Union.Case(type).Example!), _ => (true, null))
               : Describe((Dataset)Activator.CreateInstance(type)!, probe.Look),
    ];

    private static DatasetView Describe(Dataset dataset, Func<Dataset, (bool Present, string? Problem)> look)
    {
        var variants = dataset.Variants.Select(variant => (Dataset: variant, Found: look(variant))).ToList();
        var present = variants.Exists(variant => variant.Found.Present);
        return new(
            dataset.Name, Union.Case(dataset.GetType()).Summary, dataset.Classes, dataset.TrainSize, dataset.TestSize,
            present, present ? null : look(dataset).Problem, dataset.HowToGet,
            [.. variants.Count == 1 ? [] : variants.Select(variant => new DatasetVariantView(
                variant.Dataset.Title, variant.Dataset.TrainSize, variant.Dataset.TestSize, variant.Found.Present, variant.Found.Problem))],
            JsonSerializer.SerializeToElement(JsonSchema.OfCase(dataset.GetType())));
    }
}
