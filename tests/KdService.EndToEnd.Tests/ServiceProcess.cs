using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Core.Wire;

namespace KdService.EndToEnd.Tests;

/// <summary>A real kd-service process with a state directory, an embedded PostgreSQL and a port of its own.</summary>
public sealed class ServiceProcess : IAsyncDisposable
{
    private readonly Dictionary<string, string> _environment;
    private readonly Queue<string> _log = new();
    private readonly int _port = FreePort();
    private Process? _process;

    private ServiceProcess(string stateDirectory, Dictionary<string, string> environment)
    {
        StateDirectory = stateDirectory;
        _environment = environment;
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}"), Timeout = TimeSpan.FromSeconds(30) };
    }

    public string StateDirectory { get; }

    public HttpClient Http { get; }

    /// <summary>The service's process id.</summary>
    public int Pid => _process!.Id;

    public static async Task<ServiceProcess> StartAsync(Dictionary<string, string>? environment = null, Action<string>? prepareState = null)
    {
        var state = Directory.CreateTempSubdirectory("kd-e2e-").FullName;
        // PostgreSQL does not run as root, and its user must be able to pass through.
        File.SetUnixFileMode(state, File.GetUnixFileMode(state) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        prepareState?.Invoke(state);
        var service = new ServiceProcess(state, environment ?? []);
        try
        {
            await service.StartAgainAsync();
        }
        catch
        {
            // Nobody else will ever hold it.
            await service.DisposeAsync();
            throw;
        }
        return service;
    }

    /// <summary>Starts the service on its state directory, for the first time or after it was killed; returns when it is ready.</summary>
    public async Task StartAgainAsync()
    {
        var start = new ProcessStartInfo(Programs.Service, ["--urls", Http.BaseAddress!.ToString().TrimEnd('/')])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["Kd__StateDirectory"] = StateDirectory,
                ["Kd__Trainer"] = Programs.Trainer,
                ["Kd__NodeId"] = "e2e",
                ["Kd__LeaseSeconds"] = "6",
                ["Kd__HeartbeatSeconds"] = "1",
                ["Kd__CheckinSeconds"] = "2",
                ["Kd__ReconcileSeconds"] = "2",
                ["Kd__RetryBackoffSeconds"] = "0.2",
                ["Kd__CheckpointSeconds"] = "1",
            },
        };
        foreach (var (name, value) in _environment) start.Environment[name] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await WaitAsync("the service is ready", TimeSpan.FromSeconds(60), async () =>
        {
            if (_process.HasExited) throw new InvalidOperationException($"kd-service ended with {_process.ExitCode}\n{Log}");
            try
            {
                using var response = await Http.GetAsync("/readyz");
                return response.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false; // Not listening yet.
            }
        });
    }

    /// <summary>SIGKILL to the service alone; its children are left to notice.</summary>
    public async Task KillAsync()
    {
        _process!.Kill(entireProcessTree: false);
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGKILL to the trainer of a job, if one runs; returns whether it did.</summary>
    public bool KillTrainer(string jobId)
    {
        foreach (var pid in Processes.Find(line => line.Contains("kd-trainer", StringComparison.Ordinal) && line.Contains(StateDirectory, StringComparison.Ordinal) && line.Contains(jobId, StringComparison.Ordinal)))
        {
            Processes.Kill(pid);
            return true;
        }
        return false;
    }

    public async Task<JobView> SubmitAsync(string spec, string? idempotencyKey = null)
    {
        using var response = await PostAsync("/v1/jobs", spec, idempotencyKey);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode} {body}");
        return Json.Read<JobView>(body);
    }

    public Task<HttpResponseMessage> PostAsync(string path, string? json = null, string? idempotencyKey = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path);
        if (json is not null) request.Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        if (idempotencyKey is not null) request.Headers.Add("Idempotency-Key", idempotencyKey);
        return Http.SendAsync(request);
    }

    public async Task<T> GetAsync<T>(string path) => (await Http.GetFromJsonAsync<T>(path, Json.Compact))!;

    public Task<JobView> JobAsync(string id) => GetAsync<JobView>($"/v1/jobs/{id}");

    /// <summary>Waits until a job's view satisfies a condition; fails with the job and the service's log.</summary>
    public async Task<JobView> WaitForAsync(string id, string what, Func<JobView, bool> condition, int seconds = 120)
    {
        JobView? job = null;
        await WaitAsync($"{what} (job {id})", TimeSpan.FromSeconds(seconds), async () =>
        {
            job = await JobAsync(id);
            return condition(job);
        }, () => job is null ? "" : Json.Write(job, indented: true));
        return job!;
    }

    /// <summary>Waits until a job has succeeded.</summary>
    public Task<JobView> SucceededAsync(string id, int seconds = 180) => WaitForAsync(id, "succeeded", job =>
    {
        Assert.False(job.Status is JobState.Failed or JobState.Cancelled, $"{Json.Write(job, indented: true)}\n{Log}");
        return job.Status == JobState.Succeeded;
    }, seconds);

    /// <summary>All points of a job's metrics as <c>(series, step) -> value</c>; a doubled point fails.</summary>
    public async Task<SortedDictionary<(string Series, long Step), double>> MetricsAsync(string id)
    {
        var series = await GetAsync<Page<MetricSeries>>($"/v1/jobs/{id}/metrics");
        var points = new SortedDictionary<(string, long), double>();
        foreach (var (name, values) in series.Items)
            foreach (var point in values) points.Add((name, point.Step), point.Value);
        return points;
    }

    /// <summary>The tensors of an artifact: the safetensors file without its header, whose metadata may name the job.</summary>
    public async Task<byte[]> TensorBytesAsync(string id, string artifact)
    {
        var artifacts = await GetAsync<Page<ArtifactView>>($"/v1/jobs/{id}/artifacts");
        var bytes = await Http.GetByteArrayAsync(artifacts.Items.Single(item => item.Name == artifact).Url);
        return bytes[(8 + (int)BitConverter.ToInt64(bytes))..];
    }

    private string Log
    {
        get
        {
            lock (_log) return string.Join('\n', _log);
        }
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_log)
        {
            _log.Enqueue(line);
            if (_log.Count > 300) _log.Dequeue();
        }
    }

    private async Task WaitAsync(string what, TimeSpan limit, Func<Task<bool>> condition, Func<string>? state = null)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < limit; await Task.Delay(100))
            if (await condition()) return;
        Assert.Fail($"not within {limit}: {what}\n{state?.Invoke()}\n{Log}");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            Processes.Terminate(_process.Id);
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await _process.WaitForExitAsync(limit.Token);
        }
        _process?.Dispose();
        Http.Dispose();
        Assert.Empty(Processes.Find(line => line.Contains(StateDirectory, StringComparison.Ordinal)));
        Directory.Delete(StateDirectory, recursive: true);
    }
}
