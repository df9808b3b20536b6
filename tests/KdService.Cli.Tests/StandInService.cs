using KdService.Cli.Service;
using KdService.Core;
using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Core.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace KdService.Cli.Tests;

/// <summary>A service over real HTTP that misbehaves on purpose: drops connections, sends wrong bytes, answers nonsense.</summary>
public sealed class StandInService : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StandInService(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.Single() + "/");

    public static async Task<StandInService> Start(Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return new StandInService(app);
    }

    public ServiceClient Client() => new(Address);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    public static string Job(string id, JobState state, string name = "plane2 alone") => Json.Write(new JobView
    {
        Id = id,
        Name = name,
        Status = state,
        Labels = new Dictionary<string, string>(),
        Queue = "cpu",
        Method = "none",
        Dataset = "procedural",
        Student = "plane2",
        Attempt = 1,
        MaxAttempts = 5,
        CreatedAt = DateTimeOffset.UtcNow,
    });

    public static string NewId() => SortableId.New();
}
