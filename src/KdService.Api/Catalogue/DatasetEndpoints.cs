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
           select type == typeof(TextFiles) ? DescribeOwn(Json.Read<Dataset>(Union.Case(type).Example!)) : Describe((Dataset)Activator.CreateInstance(type)!, probe.Look),
    ];

    // Files that the user names are neither there nor missing before they are named, and nobody knows what they hold.
    private static DatasetView DescribeOwn(Dataset dataset) => Describe(dataset, _ => (true, null)) with { Classes = null, TrainSamples = null, TestSamples = null };

    private static DatasetView Describe(Dataset dataset, Func<Dataset, (bool Present, string? Problem)> look)
    {
        var variants = dataset.Variants.Select(variant => (Dataset: variant, Found: look(variant))).ToList();
        var present = variants.Exists(variant => variant.Found.Present);
        return new(
            dataset.Name, Union.Case(dataset.GetType()).Summary, dataset.Shape.Target == Target.Class ? dataset.Classes : null, dataset.TrainSize, dataset.TestSize,
            present, present ? null : look(dataset).Problem, dataset.HowToGet,
            [.. variants.Count == 1 ? [] : variants.Select(variant => new DatasetVariantView(
                variant.Dataset.Title, variant.Dataset.TrainSize, variant.Dataset.TestSize, variant.Found.Present, variant.Found.Problem))],
            JsonSerializer.SerializeToElement(JsonSchema.OfCase(dataset.GetType())));
    }
}
