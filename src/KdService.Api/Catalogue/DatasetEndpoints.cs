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
            .WithDescription("Every data set with its options as a JSON schema, whether it is present on this host, and how to get it.")
            .Answers(() => new Page<DatasetView>([Describe(new Procedural(), present: true, problem: null)], null));

    private static DatasetView[] List(DatasetProbe probe) =>
    [
        .. from type in Union.Of(typeof(Dataset))!.Cases.Values
           let example = Union.Case(type).Example
           let dataset = example is null ? (Dataset)Activator.CreateInstance(type)! : Json.Read<Dataset>(example)
           // Files that the user names are neither there nor missing before they are named.
           let found = example is null ? probe.Look(dataset) : (Present: true, Problem: null)
           select Describe(dataset, found.Present, found.Problem),
    ];

    private static DatasetView Describe(Dataset dataset, bool present, string? problem) => new(
        dataset.Name, Union.Case(dataset.GetType()).Summary, dataset.Classes, dataset.TrainSize, dataset.TestSize,
        present, problem, dataset.HowToGet, JsonSerializer.SerializeToElement(JsonSchema.OfCase(dataset.GetType())));
}
