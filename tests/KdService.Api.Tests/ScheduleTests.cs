using System.Net;
using KdService.Core.Jobs;
using KdService.Core.Schedules;
using KdService.Core.Wire;

namespace KdService.Api.Tests;

/// <summary>Schedules over HTTP.</summary>
[Collection(nameof(Service))]
public sealed class ScheduleTests(Service service)
{
    [Fact]
    public async Task Create_ValidSchedule_Is201WithItsTimesInBothClocks()
    {
        using var response = await service.Http.PostAsync("/v1/schedules", Service.Json(Document(more: """, "time_zone": "America/New_York" """)));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var schedule = await Service.ReadAsync<ScheduleView>(response);
        Assert.Equal($"/v1/schedules/{schedule.Id}", response.Headers.Location?.OriginalString);
        Assert.Equal((CronForm.Crontab, "America/New_York", Overlap.Skip, 5, 128), (schedule.CronForm, schedule.TimeZone, schedule.Overlap, schedule.NextRuns.Count, schedule.Job!.Training.BatchSize));
        Assert.All(schedule.NextRuns, time => Assert.Equal((3, TimeSpan.FromHours(-5), 8, TimeSpan.Zero), (time.Local.Hour, time.Local.Offset, time.Utc.Hour, time.Utc.Offset)));
    }

    [Fact]
    public async Task Create_SameKeyAgain_IsTheSameScheduleAndAnotherBodyIs409()
    {
        var key = $"schedule-{Guid.NewGuid():n}";
        using var first = await PostAsync(Document(), key);
        using var second = await PostAsync(Document().Replace(": ", ":   ", StringComparison.Ordinal), key);
        using var other = await PostAsync(Document(cron: "0 4 1 1 *"), key);
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
        Assert.Equal("true", Assert.Single(second.Headers.GetValues("Idempotent-Replayed")));
        Assert.Equal((await Service.ReadAsync<ScheduleView>(first)).Id, (await Service.ReadAsync<ScheduleView>(second)).Id);
        await Service.ProblemAsync(other, 409, "idempotency-conflict");
    }

    [Fact]
    public async Task Create_Nonsense_NamesEveryPlaceAtOnce()
    {
        using var response = await service.Http.PostAsync("/v1/schedules", Service.Json("""
            {"name": "bad", "cron": "0 25 * * *", "time_zone": "Berlin",
             "job": {"dataset": {"name": "procedural"}, "student": {"model": "resnet9"}, "method": {"name": "kd", "temprature": 4}}}
            """));
        var problem = await Service.ProblemAsync(response, 422, "invalid-document");
        Assert.Equal(["/cron", "/job/method/temprature", "/job/student/model", "/job/teacher", "/time_zone"], problem.Errors!.Select(error => error.Pointer).Order(StringComparer.Ordinal));
        Assert.Contains(problem.Errors!, error => error.Detail == "hour 25 given; a number from 0 to 23, as in \"0 3 * * *\" (every day at 3:00)");
    }

    [Theory]
    [InlineData("0 0 31 2 *", "", "/cron", "never comes")]
    [InlineData("0 3 1 1 *", """, "job": {"dataset": {"name": "cifar10"}, "student": {"model": "resnet8"}, "method": {"name": "none"}}""", "/job/dataset/name", "cannot be used here")]
    [InlineData("0 3 1 1 *", """, "benchmrk": {}""", "/benchmrk", "unknown field")]
    public async Task Create_WhatCannotRun_IsRefused(string cron, string more, string pointer, string detail)
    {
        using var response = await service.Http.PostAsync("/v1/schedules", Service.Json(Document(cron, more, job: !more.Contains("job", StringComparison.Ordinal))));
        var problem = await Service.ProblemAsync(response, 422, "invalid-document");
        Assert.Contains(detail, Assert.Single(problem.Errors!, error => error.Pointer == pointer).Detail);
    }

    [Fact]
    public async Task Create_Benchmark_IsRunAsOneAndItsProblemsLieBelowIt()
    {
        const string Benchmark = """{"name": "b", "base": {"queue": "parked", "dataset": {"name": "procedural"}, "student": {"model": "resnet8"}}, "matrix": {"methods": [METHODS], "seeds": [1, 2]}}""";
        var schedule = await CreateAsync(service, Document(job: false, more: $", \"benchmark\": {Benchmark.Replace("METHODS", "\"none\"", StringComparison.Ordinal)}"));
        var run = await ActAsync<ScheduleRunView>($"/v1/schedules/{schedule.Id}/run");
        Assert.Equal((ScheduleRunStatus.Live, null, "b"), (run.Status, run.Job, schedule.Benchmark!.Name));
        Assert.Equal(schedule.Id, (await service.GetAsync<BenchmarkView>($"/v1/benchmarks/{run.Benchmark}")).Labels["schedule"]);

        using var response = await service.Http.PostAsync("/v1/schedules", Service.Json(Document(job: false, more: $", \"benchmark\": {Benchmark.Replace("METHODS", "\"kd\"", StringComparison.Ordinal)}")));
        Assert.Equal("/benchmark/base/teacher", Assert.Single((await Service.ProblemAsync(response, 422, "invalid-document")).Errors!).Pointer);
    }

    [Fact]
    public async Task Schedule_ThroughItsLife_RunsPausesChangesAndGoes()
    {
        var schedule = await CreateAsync(service, Document(more: """, "vary_seed": true, "overlap": "queue" """));
        var address = $"/v1/schedules/{schedule.Id}";

        var first = await ActAsync<ScheduleRunView>($"{address}/run");
        var second = await ActAsync<ScheduleRunView>($"{address}/run");
        Assert.Equal(((1, true, 1L), (2, true, 2L)), ((first.Number, first.Manual, first.Seed!.Value), (second.Number, second.Manual, second.Seed!.Value)));
        var jobs = (await service.GetAsync<Page<JobView>>($"/v1/jobs?label=schedule:{schedule.Id}")).Items;
        Assert.Equal([second.Job!, first.Job!], jobs.Select(job => job.Id));

        Assert.Empty((await ActAsync<ScheduleView>($"{address}/pause")).NextRuns);
        Assert.True((await ActAsync<ScheduleView>($"{address}/pause")).Paused);
        Assert.Equal(3, (await service.GetAsync<Page<RunTime>>($"{address}/next?count=3")).Items.Count);
        Assert.Equal(schedule.NextRuns, (await ActAsync<ScheduleView>($"{address}/resume")).NextRuns);

        using var patched = await service.Http.PatchAsync(address, Service.Json("""{"cron": "0 0 4 1 1 ?", "overlap": "skip"}"""));
        var changed = await Service.ReadAsync<ScheduleView>(patched);
        Assert.Equal((CronForm.Quartz, Overlap.Skip, 4), (changed.CronForm, changed.Overlap, changed.NextRuns[0].Utc.Hour));
        var third = await ActAsync<ScheduleRunView>($"{address}/run");
        Assert.Equal((ScheduleRunStatus.Skipped, $"run 2 has not ended: job {second.Job} is queued"), (third.Status, third.Reason));
        Assert.Equal(3, (await service.GetAsync<ScheduleView>(address)).LastRun!.Number);

        using var deleted = await service.Http.DeleteAsync(address);
        using var gone = await service.Http.GetAsync(address);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await Service.ProblemAsync(gone, 404, "schedule-not-found");
        Assert.Equal(JobState.Queued, (await service.GetAsync<JobView>($"/v1/jobs/{first.Job}")).Status);
    }

    [Theory]
    [InlineData("""{"cron": "* *"}""", "/cron")]
    [InlineData("""{"job": {}}""", "/job")]
    [InlineData("""{"paused": "yes"}""", "/paused")]
    [InlineData("""{"cron": "0 0 30 2 *"}""", "/cron")]
    public async Task Change_ThatIsNone_IsRefused(string change, string pointer)
    {
        var schedule = await CreateAsync(service, Document());
        using var response = await service.Http.PatchAsync($"/v1/schedules/{schedule.Id}", Service.Json(change));
        Assert.Equal(pointer, Assert.Single((await Service.ProblemAsync(response, 422, "invalid-document")).Errors!).Pointer);
    }

    [Fact]
    public async Task Runs_ShowNumbersAndTheirChange_AsJsonAndAsMarkdown()
    {
        var id = await RunAsync(service);

        var runs = await service.GetAsync<ScheduleRunsView>($"/v1/schedules/{id}/runs");
        Assert.Equal([2, 1], runs.Items.Select(run => run.Number));
        Assert.Equal([("best_accuracy", 0.5, 0.0), ("last_accuracy", 0.5, 0.0), ("seconds", 1.0, 0.0)], runs.Items[0].Numbers!.Select(number => (number.Metric, number.Value, number.Change ?? -1)));
        Assert.All(runs.Items[1].Numbers!, number => Assert.Null(number.Change));
        Assert.Contains("prediction interval", runs.Basis);

        using var response = await service.Http.GetAsync($"/v1/schedules/{id}/runs?format=markdown");
        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal("text/markdown", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains("| succeeded |", text);
        Assert.Contains("0.5 (+0)", text);
    }

    [Fact]
    public async Task List_Pages_MeetEverySchedule()
    {
        var created = new HashSet<string>();
        for (var index = 0; index < 3; index++) created.Add((await CreateAsync(service, Document())).Id);
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await service.GetAsync<Page<ScheduleView>>("/v1/schedules?limit=2" + (cursor.Length > 0 ? $"&cursor={cursor}" : ""));
            Assert.All(page.Items, schedule => Assert.True(schedule is { Job: null, NextRuns.Count: <= 1 }));
            created.ExceptWith(page.Items.Select(schedule => schedule.Id));
            cursor = page.Next;
        }
        Assert.Empty(created);
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("GET", "/runs")]
    [InlineData("GET", "/next")]
    [InlineData("POST", "/run")]
    [InlineData("POST", "/pause")]
    [InlineData("DELETE", "")]
    public async Task Schedule_ThatIsNot_Is404(string method, string path)
    {
        foreach (var id in new[] { "01jtqx7d4f6h8j0k2m4n6p8q0r", "no-id" })
        {
            using var response = await service.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), $"/v1/schedules/{id}{path}"));
            await Service.ProblemAsync(response, 404, "schedule-not-found");
        }
    }

    /// <summary>Creates a schedule.</summary>
    internal static async Task<ScheduleView> CreateAsync(Service service, string document)
    {
        using var response = await service.Http.PostAsync("/v1/schedules", Service.Json(document));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await Service.ReadAsync<ScheduleView>(response);
    }

    /// <summary>A schedule that ran twice.</summary>
    internal static async Task<string> RunAsync(Service service)
    {
        var schedule = await CreateAsync(service, Document(queue: "cpu"));
        for (var number = 1; number <= 2; number++)
        {
            using var response = await service.Http.PostAsync($"/v1/schedules/{schedule.Id}/run", null);
            var run = await Service.ReadAsync<ScheduleRunView>(response);
            Assert.Equal(number, run.Number);
            await Service.WaitAsync(async () => (await service.GetAsync<ScheduleView>($"/v1/schedules/{schedule.Id}")).LastRun!.Status == ScheduleRunStatus.Succeeded, () => $"run {number} of {schedule.Id}");
        }
        return schedule.Id;
    }

    private static string Document(string cron = "0 3 1 1 *", string more = "", string queue = Service.Parked, bool job = true) =>
        $$"""{"name": "test", "cron": "{{cron}}"{{(job ? $", \"job\": {Service.Spec(queue)}" : "")}}{{more}}}""";

    private async Task<HttpResponseMessage> PostAsync(string document, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/schedules") { Content = Service.Json(document) };
        request.Headers.Add("Idempotency-Key", key);
        return await service.Http.SendAsync(request);
    }

    private async Task<T> ActAsync<T>(string path)
    {
        using var response = await service.Http.PostAsync(path, null);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await Service.ReadAsync<T>(response);
    }
}
