using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Wire;

namespace KdService.Cli.Service;

/// <summary>
/// Follows a job over its event stream (Server-Sent Events). A lost connection is taken up again where it broke, by
/// <c>Last-Event-ID</c>, so a restart of the service does not end the watch.
/// </summary>
public sealed class JobFollower(ServiceClient client)
{
    /// <summary>How long the service may be gone before following ends with the error.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A stream that is silent for so long is opened anew: its connection may be dead without either side knowing.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Follows a job until it is terminal, and returns it in full.</summary>
    /// <param name="id">The job.</param>
    /// <param name="changed">Called with the job as it is now and after each change.</param>
    /// <param name="happened">Called with every event, oldest first.</param>
    /// <param name="cancel">Ends the watch; the job goes on.</param>
    public async Task<JobView> Follow(string id, Action<JobView>? changed, Action<EventView>? happened, CancellationToken cancel)
    {
        var job = await client.Job(id, cancel);
        changed?.Invoke(job);
        var (last, lostAt, delay) = (0L, (DateTimeOffset?)null, TimeSpan.Zero);
        for (var first = true; ; first = false)
        {
            try
            {
                if (!first)
                {
                    job = await client.Job(id, cancel);
                    changed?.Invoke(job);
                    lostAt = null;
                }
                await foreach (var item in Events(id, last, cancel))
                {
                    (last, delay) = (item.Id, TimeSpan.Zero);
                    happened?.Invoke(item);
                    var next = item.Type == "state" ? await client.Job(id, cancel) : Apply(job, item);
                    if (ReferenceEquals(next, job)) continue;
                    job = next;
                    changed?.Invoke(job);
                }
                // A stream that ends by itself has told everything, if the job is over.
                if (job.Status.IsTerminal()) return job;
            }
            catch (Exception lost) when (!cancel.IsCancellationRequested && MayComeBack(lost))
            {
                lostAt ??= DateTimeOffset.UtcNow;
                if (DateTimeOffset.UtcNow - lostAt > Patience) throw new ServiceUnreachableException(client.Address, lost);
            }
            await Task.Delay(delay, cancel);
            delay = TimeSpan.FromSeconds(Math.Min(10, delay.TotalSeconds * 2 + 0.25));
        }
    }

    // Cancelled though its user did not: a connection that fell silent.
    private static bool MayComeBack(Exception lost) =>
        lost is ServiceUnreachableException or IOException or OperationCanceledException or ServiceProblemException { Problem.Status: >= 500 };

    /// <summary>One connection's events; cancelled by itself when it is silent for too long.</summary>
    private async IAsyncEnumerable<EventView> Events(string id, long last, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        silence.CancelAfter(Silence);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"v1/jobs/{Uri.EscapeDataString(id)}/events");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (last > 0) request.Headers.Add("Last-Event-ID", $"{last}");
        using var response = await client.Open(request, silence.Token);
        await using var stream = await response.Content.ReadAsStreamAsync(silence.Token);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(silence.Token))
        {
            silence.CancelAfter(Silence);
            yield return Json.Read<EventView>(item.Data);
        }
    }

    /// <summary>What an event changes in the view of its job.</summary>
    private static JobView Apply(JobView job, EventView item) => item.Type switch
    {
        "progress" => job with { Progress = Json.Read<Progress>(item.Data.GetRawText()) },
        "metrics" => job with { Metrics = Merge(job.Metrics, Json.Read<Dictionary<string, double>>(item.Data.GetProperty("values").GetRawText())) },
        _ => job,
    };

    private static Dictionary<string, double> Merge(IReadOnlyDictionary<string, double>? known, Dictionary<string, double> news)
    {
        var merged = new Dictionary<string, double>(known ?? new Dictionary<string, double>());
        foreach (var (name, value) in news) merged[name] = value;
        return merged;
    }
}
