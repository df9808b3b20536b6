using System.Diagnostics;
using System.Text;
using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Core.Wire;
using KdService.Jobs.Lifecycle;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Tests.Support;

/// <summary>A node of the service in this process, with short times.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly IHost _host;
    private bool _stopped;

    private readonly WarningLog _log;

    private TestNode(IHost host, WarningLog log) => (_host, _log) = (host, log);

    public JobSubmission Submission => Get<JobSubmission>();

    public JobControl Control => Get<JobControl>();

    public JobQueries Queries => Get<JobQueries>();

    public ArtifactStore Artifacts => Get<ArtifactStore>();

    public static TestNode Create(string database, TestFolder folder, string? trainer = null, params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        var values = new Dictionary<string, string?>
        {
            ["Kd:ConnectionString"] = database,
            ["Kd:StateDirectory"] = folder.Path,
            ["Kd:NodeId"] = "node",
            ["Kd:Trainer"] = trainer ?? "/nonexistent/trainer",
            ["Kd:LeaseSeconds"] = "4",
            ["Kd:HeartbeatSeconds"] = "0.5",
            ["Kd:CheckinSeconds"] = "2",
            ["Kd:ReconcileSeconds"] = "0.5",
            ["Kd:RetryBackoffSeconds"] = "0.05",
            ["Kd:StopGraceSeconds"] = "3",
        };
        foreach (var (key, value) in settings) values[$"Kd:{key}"] = value;
        builder.Configuration.AddInMemoryCollection(values);
        var log = new WarningLog();
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddProvider(log);
        builder.AddKdJobs();
        return new TestNode(builder.Build(), log);
    }

    public static async Task<TestNode> StartAsync(string database, TestFolder folder, string? trainer = null, params (string Key, string Value)[] settings)
    {
        var node = Create(database, folder, trainer, settings);
        await node.StartAsync();
        return node;
    }

    public Task StartAsync() => _host.StartAsync();

    /// <summary>What a host does whose start is cut short.</summary>
    public ValueTask DisposeUnstoppedAsync() => ((IAsyncDisposable)_host).DisposeAsync();

    public T Get<T>() where T : class => _host.Services.GetRequiredService<T>();

    /// <summary>A spec of a student alone, or with a teacher.</summary>
    public static JobSpec Spec(string? teacher = null, string more = "") => SpecValidation.ReadOrThrow(Encoding.UTF8.GetBytes(
        $$"""
        {"dataset": {"name": "procedural"}, "student": {"model": "resnet8"},
         {{(teacher is null ? "" : $"\"teacher\": {teacher}, ")}}"method": {"name": "{{(teacher is null ? "none" : "kd")}}"}{{more}}}
        """));

    public async Task<string> SubmitAsync(JobSpec? spec = null) =>
        (await Submission.SubmitAsync(spec ?? Spec(), null, "digest", CancellationToken.None)).Job.Id;

    public Task<JobView> JobAsync(string id) => Queries.GetAsync(id, CancellationToken.None);

    /// <summary>Waits until a job is in a state.</summary>
    public Task<JobView> WaitForAsync(string id, JobState state) => WaitForAsync(id, job => job.Status == state, $"status {state}");

    /// <summary>Waits until a job fulfils a condition; if it does not, says all there is to know about the job.</summary>
    public async Task<JobView> WaitForAsync(string id, Func<JobView, bool> condition, string what)
    {
        JobView? job = null;
        await UntilAsync(async () => condition(job = await JobAsync(id)), async () =>
        {
            var events = await Queries.EventsAsync(id, 0, 1000, CancellationToken.None);
            var lines = events.Items.TakeLast(30).Select(happened => $"  {happened.Id} {happened.Attempt} {happened.Type} {happened.Data}");
            return $"job {id} did not reach {what}; it is {Json.Write(job! with { Spec = null, Plan = null })}\n{string.Join('\n', lines)}\n{_log}";
        });
        return job!;
    }

    public static async Task UntilAsync(Func<Task<bool>> condition, Func<Task<string>> otherwise)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > Patience) Assert.Fail(await otherwise());
            await Task.Delay(25);
        }
    }

    /// <summary>Reconciles, after the node's own timer has let go.</summary>
    public Task ReconcileAsync() => UntilAsync(
        () => Get<Reconciler>().ReconcileAsync(CancellationToken.None), () => Task.FromResult("another reconciler holds its lock"));

    public async Task ExecuteAsync(string sql, params object[] values)
    {
        await using var command = Get<NpgsqlDataSource>().CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> ScalarAsync<T>(string sql, params object[] values)
    {
        await using var command = Get<NpgsqlDataSource>().CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task StopAsync()
    {
        if (_stopped) return;
        _stopped = true;
        await _host.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _host.Dispose();
    }
}

/// <summary>Keeps warnings and errors, for the message of a test that fails.</summary>
internal sealed class WarningLog : ILoggerProvider, ILogger
{
    private readonly StringBuilder _text = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_text) _text.AppendLine($"{DateTime.UtcNow:HH:mm:ss.fff} {logLevel}: {formatter(state, exception)} {exception}");
    }

    public override string ToString()
    {
        lock (_text) return _text.ToString();
    }

    public void Dispose()
    {
    }
}

/// <summary>A test with a database, a folder and a scripted trainer of its own.</summary>
public abstract class JobsTest : IAsyncLifetime
{
    private readonly List<TestNode> _nodes = [];

    internal TestFolder Folder { get; } = new();

    internal string Database { get; private set; } = "";

    public async Task InitializeAsync() => Database = await TestCluster.CreateDatabaseAsync();

    public async Task DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        Folder.Dispose();
    }

    /// <summary>A node whose trainer runs a script.</summary>
    internal async Task<(TestNode Node, ScriptedTrainer Trainer)> StartAsync(string body, params (string Key, string Value)[] settings)
    {
        var trainer = new ScriptedTrainer(Folder, body);
        return (await StartNodeAsync(trainer, settings), trainer);
    }

    internal async Task<TestNode> StartNodeAsync(ScriptedTrainer? trainer, params (string Key, string Value)[] settings)
    {
        var node = await TestNode.StartAsync(Database, Folder, trainer?.Path, settings);
        _nodes.Add(node);
        return node;
    }

    /// <summary>A node that takes jobs, runs none, and reconciles when told.</summary>
    internal Task<TestNode> StartApiAsync() => StartNodeAsync(null, ("Roles:0", "api"), ("ReconcileSeconds", "3600"));
}
