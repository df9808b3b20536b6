using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using KdService.Core.Jobs;
using KdService.Core.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace KdService.Api.Tests;

/// <summary>Tests that share one running service.</summary>
[CollectionDefinition(nameof(Service))]
public sealed class SharedService : ICollectionFixture<Service>;

/// <summary>
/// The whole service on a port of its own: Kestrel, an embedded PostgreSQL, a worker on queue <c>cpu</c> whose trainer is
/// <see cref="ScriptedTrainer"/>. Queue <see cref="Parked"/> is served by nobody, so what is sent there stays queued.
/// </summary>
public sealed class Service : IAsyncLifetime
{
    /// <summary>A queue without workers.</summary>
    public const string Parked = "parked";

    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("kd-api-tests-");
    private RunningService? _service;

    public HttpClient Http { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        // PostgreSQL runs as another user when we are root, and has to be able to get there.
        if (!OperatingSystem.IsWindows()) _state.UnixFileMode |= UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        _service = await RunningService.StartAsync(
            $"--Kd:StateDirectory={Path.Combine(_state.FullName, "data")}",
            $"--Kd:DataRoot={Path.Combine(_state.FullName, "no-data")}",
            $"--Kd:Trainer={ScriptedTrainer.Write(_state.FullName)}");
        Http = _service.Http;
        await WaitAsync(async () => (await Http.GetAsync("/readyz")).IsSuccessStatusCode, () => "the service is not ready");
    }

    public async Task DisposeAsync()
    {
        if (_service is not null) await _service.DisposeAsync();
        _state.Delete(recursive: true);
    }

    /// <summary>Settings of another service, without a worker, on the same database.</summary>
    public IEnumerable<string> Sharing =>
        [$"--Kd:ConnectionString={_service!.ConnectionString}", $"--Kd:StateDirectory={Path.Combine(_state.FullName, "other")}", "--Kd:Roles:0=api"];

    /// <summary>Starts another service on the same database.</summary>
    public Task<RunningService> StartAnotherAsync(params IEnumerable<string> settings) => RunningService.StartAsync([.. Sharing, .. settings]);

    /// <summary>A spec that is valid, for a queue.</summary>
    public static string Spec(string queue = Parked, string? more = null) => $$"""
        {"queue": "{{queue}}", "dataset": {"name": "procedural", "samples": 1000}, "student": {"model": "resnet8"}, "method": {"name": "none"},
         "training": {"epochs": 3}{{(more is null ? "" : ", " + more)}}}
        """;

    public static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    public async Task<JobView> SubmitAsync(string spec)
    {
        using var response = await Http.PostAsync("/v1/jobs", Json(spec));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await ReadAsync<JobView>(response);
    }

    /// <summary>Submits a job that the worker runs, and waits until it has ended well.</summary>
    public Task<JobView> RunAsync(string? more = null) => RunSpecAsync(Spec("cpu", more));

    /// <summary>Submits a spec, and waits until its job has ended well.</summary>
    public async Task<JobView> RunSpecAsync(string spec)
    {
        var job = await SubmitAsync(spec);
        await WaitAsync(async () => (job = await GetAsync<JobView>($"/v1/jobs/{job.Id}")).Status.IsTerminal(), () => Core.Schema.Json.Write(job));
        Assert.True(job.Status == JobState.Succeeded, Core.Schema.Json.Write(job, indented: true));
        return job;
    }

    public async Task<T> GetAsync<T>(string path)
    {
        using var response = await Http.GetAsync(path);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {await response.Content.ReadAsStringAsync()}");
        return await ReadAsync<T>(response);
    }

    public static async Task<T> ReadAsync<T>(HttpResponseMessage response) =>
        await response.Content.ReadFromJsonAsync<T>(Core.Schema.Json.Compact) ?? throw new JsonException("null");

    /// <summary>Checks that an answer is a well-formed problem of a kind.</summary>
    public static async Task<ProblemView> ProblemAsync(HttpResponseMessage response, int status, string kind)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{response.StatusCode}: {body}");
        Assert.Equal(new MediaTypeHeaderValue("application/problem+json"), response.Content.Headers.ContentType);
        var problem = Core.Schema.Json.Read<ProblemView>(body);
        Assert.Equal(($"urn:kd:problem:{kind}", status), (problem.Type, problem.Status));
        Assert.NotEmpty(problem.TraceId!);
        return problem;
    }

    /// <summary>Waits for a condition; the test's own time limit is far beyond what a healthy service needs.</summary>
    public static async Task WaitAsync(Func<Task<bool>> condition, Func<string> describe)
    {
        var giveUp = DateTimeOffset.UtcNow.AddSeconds(60);
        while (!await condition())
        {
            Assert.True(DateTimeOffset.UtcNow < giveUp, $"waited in vain: {describe()}");
            await Task.Delay(50);
        }
    }
}

/// <summary>The program, listening on a free port of loopback, with settings as on its command line.</summary>
public sealed class RunningService : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RunningService(WebApplication app) => _app = app;

    public HttpClient Http { get; private init; } = null!;

    public string ConnectionString => _app.Services.GetRequiredService<NpgsqlDataSource>().ConnectionString;

    public static async Task<RunningService> StartAsync(params IEnumerable<string> settings)
    {
        var app = Program.Build(["--Urls=http://127.0.0.1:0", "--Serilog:MinimumLevel:Default=Warning", .. settings]);
        await app.StartAsync();
        return new RunningService(app) { Http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) } };
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
