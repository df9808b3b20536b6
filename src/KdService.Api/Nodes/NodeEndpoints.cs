using KdService.Api.OpenApi;
using KdService.Api.Requests;
using KdService.Core.Wire;
using KdService.Jobs;

namespace KdService.Api.Nodes;

/// <summary>The worker hosts.</summary>
public static class NodeEndpoints
{
    /// <summary>Maps <c>/nodes</c>.</summary>
    public static void MapNodes(this RouteGroupBuilder v1) =>
        v1.MapRead("/nodes", async (JobQueries jobs, CancellationToken cancel) => TypedResults.Ok(new Page<NodeView>(await jobs.NodesAsync(cancel), null)))
            .WithTags("Nodes")
            .WithName("list_nodes")
            .WithSummary("List the worker hosts")
            .WithDescription("Every host that runs or ran jobs: its slots by queue, how many of them are busy, and whether it gave a sign of life lately.")
            .Answers(() => Examples.Nodes);
}
