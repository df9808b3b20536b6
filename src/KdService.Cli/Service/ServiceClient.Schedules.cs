using KdService.Core.Wire;

namespace KdService.Cli.Service;

/// <summary>Schedules.</summary>
public sealed partial class ServiceClient
{
    /// <summary>Creates a schedule. Sending the same key again gives the same schedule.</summary>
    public async Task<ScheduleView> CreateSchedule(ReadOnlyMemory<byte> schedule, string idempotencyKey, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/schedules") { Content = JsonBody(schedule) };
        request.Headers.Add("Idempotency-Key", idempotencyKey);
        return await Read<ScheduleView>(request, cancel);
    }

    /// <summary>Schedules, newest first, as many as asked for.</summary>
    public async Task<IReadOnlyList<ScheduleView>> Schedules(int limit, CancellationToken cancel)
    {
        List<ScheduleView> schedules = [];
        string? cursor = null;
        do
        {
            var page = await Get<Page<ScheduleView>>($"v1/schedules?limit={Math.Min(limit - schedules.Count, 100)}{(cursor is null ? "" : $"&cursor={cursor}")}", cancel);
            schedules.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null && schedules.Count < limit);
        return schedules;
    }

    /// <summary>The latest runs of a schedule, the latest first.</summary>
    public Task<ScheduleRunsView> ScheduleRuns(string id, int limit, CancellationToken cancel) =>
        Get<ScheduleRunsView>($"v1/schedules/{Segment(id)}/runs?limit={limit}", cancel);

    /// <summary>The same as a Markdown table.</summary>
    public async Task<string> ScheduleRunsMarkdown(string id, int limit, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"v1/schedules/{Segment(id)}/runs?limit={limit}&format=markdown");
        using var response = await Open(request, cancel);
        return await response.Content.ReadAsStringAsync(cancel);
    }

    /// <summary>Lets a schedule rest, or go on.</summary>
    public async Task<ScheduleView> PauseSchedule(string id, bool paused, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"v1/schedules/{Segment(id)}/{(paused ? "pause" : "resume")}");
        return await Read<ScheduleView>(request, cancel);
    }

    /// <summary>Runs a schedule now.</summary>
    public async Task<ScheduleRunView> RunSchedule(string id, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"v1/schedules/{Segment(id)}/run");
        return await Read<ScheduleRunView>(request, cancel);
    }

    /// <summary>Removes a schedule; its jobs stay.</summary>
    public async Task DeleteSchedule(string id, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"v1/schedules/{Segment(id)}");
        using var response = await Open(request, cancel);
    }
}
