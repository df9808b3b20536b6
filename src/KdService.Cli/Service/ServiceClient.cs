using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using KdService.Core.Methods;
using KdService.Core.Schema;
using KdService.Core.Wire;

namespace KdService.Cli.Service;

/// <summary>The service's REST API, as far as the command line uses it. Every method throws
/// <see cref="ServiceProblemException"/> on a refusal and <see cref="ServiceUnreachableException"/> when there is no answer.</summary>
public sealed partial class ServiceClient : IDisposable
{
    /// <summary>Where a service listens unless told otherwise.</summary>
    public const string DefaultAddress = "http://127.0.0.1:5080";

    private readonly HttpClient _http;

    /// <summary>A client of one service.</summary>
    /// <param name="address">Its root, e.g. <c>http://127.0.0.1:5080</c>.</param>
    /// <param name="apiKey">Sent as a bearer token; none when null.</param>
    public ServiceClient(Uri address, string? apiKey = null)
    {
        // Streams last as long as a job does, so no timeout is set on the client; connecting has its own.
        _http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(10) })
        {
            BaseAddress = address,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (apiKey is not null) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
    }

    /// <summary>The service's root.</summary>
    public Uri Address => _http.BaseAddress!;

    /// <summary>The service that <c>KD_URL</c> and <c>KD_API_KEY</c> name.</summary>
    /// <exception cref="CommandFailedException">KD_URL is no http address.</exception>
    public static ServiceClient FromEnvironment()
    {
        var given = Environment.GetEnvironmentVariable("KD_URL") is { Length: > 0 } url ? url : DefaultAddress;
        if (!Uri.TryCreate(given.TrimEnd('/') + "/", UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw new CommandFailedException($"KD_URL: {given} given; an address such as {DefaultAddress}");
        return new ServiceClient(address, Environment.GetEnvironmentVariable("KD_API_KEY") is { Length: > 0 } key ? key : null);
    }

    /// <summary>Submits a spec. Sending the same key again gives the same job.</summary>
    public async Task<JobView> Submit(ReadOnlyMemory<byte> spec, string idempotencyKey, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/jobs") { Content = JsonBody(spec) };
        request.Headers.Add("Idempotency-Key", idempotencyKey);
        return await Read<JobView>(request, cancel);
    }

    /// <summary>Asks for the plan and the estimate of a spec without running it.</summary>
    public async Task<ValidationView> Validate(ReadOnlyMemory<byte> spec, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/jobs/validate") { Content = JsonBody(spec) };
        return await Read<ValidationView>(request, cancel);
    }

    /// <summary>One job in full.</summary>
    public Task<JobView> Job(string id, CancellationToken cancel) => Get<JobView>($"v1/jobs/{Segment(id)}", cancel);

    /// <summary>Jobs, newest first, as many as asked for.</summary>
    public async Task<IReadOnlyList<JobView>> Jobs(JobFilter filter, int limit, CancellationToken cancel)
    {
        List<JobView> jobs = [];
        string? cursor = null;
        do
        {
            var page = await Get<Page<JobView>>("v1/jobs" + filter.Query(Math.Min(limit - jobs.Count, 100), cursor), cancel);
            jobs.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null && jobs.Count < limit);
        return jobs;
    }

    /// <summary>Asks something of a job.</summary>
    public async Task<JobView> Act(string id, JobAction action, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"v1/jobs/{Segment(id)}/{Json.Naming.ConvertName(action.ToString())}");
        return await Read<JobView>(request, cancel);
    }

    /// <summary>The last lines of the trainer's log of an attempt, of the last that has ended when null; empty where there are none.</summary>
    public async Task<string> Log(string id, int? attempt, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"v1/jobs/{Segment(id)}/log{(attempt is null ? "" : $"?attempt={attempt}")}");
        using var response = await Open(request, cancel);
        return await response.Content.ReadAsStringAsync(cancel);
    }

    /// <summary>Has a finished job diagnosed; the job that does it.</summary>
    public async Task<JobView> Diagnose(string id, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"v1/jobs/{Segment(id)}/diagnosis");
        return await Read<JobView>(request, cancel);
    }

    /// <summary>Everything that a job has made so far.</summary>
    public Task<IReadOnlyList<ArtifactView>> Artifacts(string id, CancellationToken cancel) => GetList<ArtifactView>($"v1/jobs/{Segment(id)}/artifacts", cancel);

    /// <summary>Every method.</summary>
    public Task<IReadOnlyList<MethodDescription>> Methods(CancellationToken cancel) => GetList<MethodDescription>("v1/methods", cancel);

    /// <summary>Every data set.</summary>
    public Task<IReadOnlyList<DatasetView>> Datasets(CancellationToken cancel) => GetList<DatasetView>("v1/datasets", cancel);

    /// <summary>Whether the service is ready to take jobs.</summary>
    public async Task<bool> IsReady(CancellationToken cancel)
    {
        try
        {
            using var response = await _http.GetAsync("readyz", cancel);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            // Nobody listens yet: that is an answer here.
            return false;
        }
    }

    /// <summary>Sends a request and returns the answer with its body still to be read; refusals are thrown.</summary>
    public async Task<HttpResponseMessage> Open(HttpRequestMessage request, CancellationToken cancel)
    {
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        }
        catch (HttpRequestException unreachable)
        {
            throw new ServiceUnreachableException(Address, unreachable);
        }
        if (response.IsSuccessStatusCode) return response;
        using (response)
            throw new ServiceProblemException(await ReadProblem(response, cancel));
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    private async Task<T> Get<T>(string path, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await Read<T>(request, cancel);
    }

    private async Task<IReadOnlyList<T>> GetList<T>(string path, CancellationToken cancel) => (await Get<Page<T>>(path, cancel)).Items;

    private async Task<T> Read<T>(HttpRequestMessage request, CancellationToken cancel)
    {
        using var response = await Open(request, cancel);
        try
        {
            return await response.Content.ReadFromJsonAsync<T>(Json.Compact, cancel)
                ?? throw new JsonException("null");
        }
        catch (Exception cut) when (cut is HttpRequestException or IOException)
        {
            throw new ServiceUnreachableException(Address, cut);
        }
        catch (JsonException unexpected)
        {
            throw new ServiceProblemException(NotUnderstood(response, $"is not what this version of kd expects ({unexpected.Message})"));
        }
    }

    private static async Task<ProblemView> ReadProblem(HttpResponseMessage response, CancellationToken cancel)
    {
        var body = await response.Content.ReadAsStringAsync(cancel);
        try
        {
            return Json.Read<ProblemView>(body);
        }
        catch (JsonException)
        {
            // Not the service answered, but something in front of it or in its stead.
            return NotUnderstood(response, $"is {(int)response.StatusCode} {response.ReasonPhrase}; is there a kd-service at this address? {Shorten(body)}");
        }
    }

    private static ProblemView NotUnderstood(HttpResponseMessage response, string what) => new()
    {
        Type = "about:blank",
        Title = "The answer is not understood",
        Status = (int)response.StatusCode,
        Detail = $"the answer of {response.RequestMessage?.RequestUri} {what}".TrimEnd(),
    };

    private static string Shorten(string body) => body.Length <= 200 ? body : body[..200] + "...";

    private static ReadOnlyMemoryContent JsonBody(ReadOnlyMemory<byte> json) =>
        new(json) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private static string Segment(string id) => Uri.EscapeDataString(id);
}
