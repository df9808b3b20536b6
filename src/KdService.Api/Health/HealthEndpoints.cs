using KdService.Api.Errors;
using KdService.Api.OpenApi;
using KdService.Api.Requests;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace KdService.Api.Health;

/// <summary>What orchestrators ask: whether the process lives, and whether it can work. Open without a key.</summary>
public static class HealthEndpoints
{
    /// <summary>Maps <c>/healthz</c> and <c>/readyz</c>.</summary>
    public static void MapHealth(this WebApplication app)
    {
        var health = app.MapGroup("").RefuseUnreadQueries().WithTags("Health");

        health.MapRead("/healthz", () => TypedResults.Ok(new HealthView("alive", Version)))
            .WithName("get_health")
            .WithSummary("Say whether the process lives")
            .WithDescription("200 for as long as the process answers at all. Restart it when this fails.")
            .Answers(() => new HealthView("alive", Version));

        health.MapRead("/readyz", ReadyAsync)
            .WithName("get_readiness")
            .WithSummary("Say whether the service can work")
            .WithDescription("200 once the database answers, its schema is there and the queue runs. Send requests elsewhere while it is 503.")
            .Produces<HealthView>()
            .Answers(() => new HealthView("ready", Version))
            .Refuses(ProblemKind.Unavailable);
    }

    private static string Version { get; } = typeof(HealthEndpoints).Assembly.GetName().Version!.ToString(3);

    private static async Task<IResult> ReadyAsync(HealthCheckService checks, CancellationToken cancel)
    {
        var report = await checks.CheckHealthAsync(cancel);
        if (report.Status != HealthStatus.Unhealthy) return TypedResults.Ok(new HealthView("ready", Version));
        throw new RequestException(ProblemKind.Unavailable,
            string.Join("; ", report.Entries.Values.Where(entry => entry.Status == HealthStatus.Unhealthy).Select(entry => entry.Description)));
    }
}

/// <summary>How the service is.</summary>
/// <param name="Status"><c>alive</c> or <c>ready</c>.</param>
/// <param name="Version">The service's version.</param>
public sealed record HealthView(string Status, string Version);
