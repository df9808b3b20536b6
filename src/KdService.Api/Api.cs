using KdService.Api.Artifacts;
using KdService.Api.Benchmarks;
using KdService.Api.Catalogue;
using KdService.Api.Health;
using KdService.Api.Jobs;
using KdService.Api.Models;
using KdService.Api.Nodes;
using KdService.Api.Requests;
using KdService.Api.Schedules;
using KdService.Jobs;

namespace KdService.Api;

/// <summary>Every address of the service.</summary>
public static class Api
{
    /// <summary>Maps the health checks and, on nodes that answer requests, version 1 of the API and the status page.</summary>
    public static void MapApi(this WebApplication app)
    {
        app.MapHealth();
        if (!app.Services.GetRequiredService<KdOptions>().IsApi) return;
        app.UseFileServer();

        var v1 = app.MapGroup("/v1").RefuseUnreadQueries();
        v1.MapJobs();
        v1.MapBenchmarks();
        v1.MapSchedules();
        v1.MapArtifacts();
        v1.MapMethods();
        v1.MapModels();
        v1.MapDatasets();
        v1.MapNodes();
    }
}
