using System.Net;
using System.Net.ServerSentEvents;
using KdService.Core.Schema;
using KdService.Core.Wire;

namespace KdService.Api.Tests;

[Collection(nameof(Service))]
public sealed class EventTests(Service service)
{
    [Fact]
    public async Task Events_Paged_MeetEveryEventOnceInOrder()
    {
        var job = await service.RunAsync();
        List<EventView> met = [];
        for (string? after = "0"; after is not null;)
        {
            var page = await service.GetAsync<Page<EventView>>($"/v1/jobs/{job.Id}/events?limit=3&after={after}");
            met.AddRange(page.Items);
            after = page.Next;
        }
        Assert.Equal(met.Select(happened => happened.Id).Order().Distinct(), met.Select(happened => happened.Id));
        Assert.Equal(["queued", "running", "succeeded"], met.Where(happened => happened.Type == "state").Select(happened => happened.Data.GetProperty("to").GetString()));
        Assert.Contains(met, happened => happened.Type == "checkpoint");
        Assert.Contains(met, happened => happened.Type == "artifact");
    }

    [Fact]
    public async Task Follow_FromTheStart_SeesTheWholeRunAndEndsWithIt()
    {
        var job = await service.SubmitAsync(Service.Spec("cpu"));
        var followed = await FollowAsync(job.Id).ToListAsync();
        Assert.Equal("succeeded", followed[^1].Data.GetProperty("to").GetString());
        var stored = (await service.GetAsync<Page<EventView>>($"/v1/jobs/{job.Id}/events?limit=1000")).Items;
        Assert.Equal(stored.Select(happened => happened.Id), followed.Where(happened => happened.Type != "progress").Select(happened => happened.Id));
    }

    [Fact]
    public async Task Follow_WithLastEventId_GoesOnAfterIt()
    {
        var job = await service.RunAsync();
        var all = await FollowAsync(job.Id).Where(happened => happened.Type != "progress").ToListAsync();
        var middle = all[all.Count / 2].Id;
        var rest = await FollowAsync(job.Id, middle).Where(happened => happened.Type != "progress").ToListAsync();
        Assert.Equal(all.Select(happened => happened.Id).Where(id => id > middle), rest.Select(happened => happened.Id));
    }

    [Fact]
    public async Task Follow_AfterTheEnd_Is204SoThatReadersStop()
    {
        var job = await service.RunAsync();
        var last = (await service.GetAsync<Page<EventView>>($"/v1/jobs/{job.Id}/events?limit=1000")).Items[^1].Id;
        using var response = await service.Http.SendAsync(Request(job.Id, last));
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    [Fact]
    public async Task Follow_QueuedJob_StreamsTheCancellationAsItHappens()
    {
        var job = await service.SubmitAsync(Service.Spec());
        await using var events = FollowAsync(job.Id).GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());
        Assert.Equal("queued", events.Current.Data.GetProperty("to").GetString());
        (await service.Http.PostAsync($"/v1/jobs/{job.Id}/cancel", null)).EnsureSuccessStatusCode();
        Assert.True(await events.MoveNextAsync());
        Assert.Equal("cancelled", events.Current.Data.GetProperty("to").GetString());
        Assert.False(await events.MoveNextAsync());
    }

    [Theory]
    [InlineData("latest")]
    [InlineData("-1")]
    public async Task Follow_BadLastEventId_Is400(string last)
    {
        var job = await service.SubmitAsync(Service.Spec());
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/jobs/{job.Id}/events") { Headers = { { "Accept", "text/event-stream" }, { "Last-Event-ID", last } } };
        using var response = await service.Http.SendAsync(request);
        Assert.Equal("/Last-Event-ID", Assert.Single((await Service.ProblemAsync(response, 400, "invalid-parameter")).Errors!).Pointer);
    }

    private static HttpRequestMessage Request(string id, long? last)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/jobs/{id}/events") { Headers = { { "Accept", "text/event-stream" } } };
        if (last is not null) request.Headers.Add("Last-Event-ID", $"{last}");
        return request;
    }

    private async IAsyncEnumerable<EventView> FollowAsync(string id, long? last = null)
    {
        using var response = await service.Http.SendAsync(Request(id, last), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync())
        {
            var happened = Json.Read<EventView>(item.Data);
            Assert.Equal((item.EventId, item.EventType), ($"{happened.Id}", happened.Type));
            yield return happened;
        }
    }
}
