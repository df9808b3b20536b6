using System.Net;
using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Core.Wire;

namespace KdService.Api.Tests;

/// <summary>Looking at jobs and steering them.</summary>
[Collection(nameof(Service))]
public sealed class JobTests(Service service)
{
    [Fact]
    public async Task List_Pages_MeetEveryJobOnceNewestFirst()
    {
        List<string> submitted = [];
        for (var index = 0; index < 5; index++) submitted.Add((await service.SubmitAsync(Service.Spec(more: "\"labels\": {\"suite\": \"pages\"}"))).Id);
        List<string> met = [];
        var path = "/v1/jobs?label=suite:pages&limit=2";
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await service.GetAsync<Page<JobView>>(path + (cursor.Length > 0 ? $"&cursor={cursor}" : ""));
            Assert.InRange(page.Items.Count, 1, 2);
            Assert.All(page.Items, job => Assert.True(job.Spec is null && job.Plan is null));
            met.AddRange(page.Items.Select(job => job.Id));
            cursor = page.Next;
        }
        Assert.Equal(submitted.AsEnumerable().Reverse(), met);
    }

    [Theory]
    [InlineData("status=queued", true)]
    [InlineData("status=running", false)]
    [InlineData("status=running&status=queued", true)]
    [InlineData("method=none", true)]
    [InlineData("method=kd", false)]
    [InlineData("dataset=procedural", true)]
    [InlineData("dataset=cifar10", false)]
    [InlineData("student=resnet8", true)]
    [InlineData("student=resnet20", false)]
    [InlineData("name=FILTERED", true)]
    [InlineData("name=%25", false)]
    [InlineData("label=kind:one&label=size:small", true)]
    [InlineData("label=kind:one&label=size:large", false)]
    [InlineData("label=kind=one", true)]
    public async Task List_Filter_FindsWhatMeetsIt(string filter, bool found)
    {
        var suite = $"filter-{Guid.NewGuid():n}";
        var job = await service.SubmitAsync(Service.Spec(more: $$"""
            "name": "filtered", "labels": {"kind": "one", "size": "small", "suite": "{{suite}}"}
            """));
        var page = await service.GetAsync<Page<JobView>>($"/v1/jobs?{filter}&label=suite:{suite}");
        Assert.Equal(found ? [job.Id] : [], page.Items.Select(item => item.Id));
    }

    [Fact]
    public async Task Get_ThroughAJobsLife_IsWholeAndUpToDate()
    {
        var submitted = await service.SubmitAsync(Service.Spec("cpu"));
        Assert.Equal(submitted.Plan!.Stages.Count, (await DocumentAsync()).Plan!.Stages.Count);
        await Service.WaitAsync(async () => (await DocumentAsync()).Status.IsTerminal(), () => submitted.Id);

        var ended = await DocumentAsync();
        Assert.True(ended is { Status: JobState.Succeeded, Report: not null, Spec: not null, Plan: not null }, Json.Write(ended));
        Assert.Equal(Json.Write(submitted.Spec), Json.Write(ended.Spec));

        async Task<JobView> DocumentAsync()
        {
            var body = await service.Http.GetStringAsync($"/v1/jobs/{submitted.Id}");
            var job = Json.Read<JobView>(body);
            Assert.True(job.Report is not null == (job.Status == JobState.Succeeded), body);
            Assert.Equal(Json.Write(job), body);
            return job;
        }
    }

    [Theory]
    [InlineData("{0}", 304)]
    [InlineData("W/{0}", 304)]
    [InlineData("\"other\", {0}", 304)]
    [InlineData("*", 304)]
    [InlineData("\"other\"", 200)]
    [InlineData("no tag at all", 200)]
    public async Task Get_IfNoneMatch_ComparesAsHttpDoes(string known, int status)
    {
        var path = $"/v1/jobs/{(await service.SubmitAsync(Service.Spec())).Id}";
        using var first = await service.Http.GetAsync(path);
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("If-None-Match", string.Format(known, first.Headers.ETag));

        using var again = await service.Http.SendAsync(request);

        Assert.Equal(status, (int)again.StatusCode);
    }

    [Fact]
    public async Task Get_UnchangedJob_Is304AndChangedIsNot()
    {
        var job = await service.SubmitAsync(Service.Spec());
        using var first = await service.Http.GetAsync($"/v1/jobs/{job.Id}");
        Assert.NotNull(first.Headers.RetryAfter);

        using var again = await service.Http.SendAsync(Conditional());
        Assert.Equal((HttpStatusCode.NotModified, first.Headers.ETag), (again.StatusCode, again.Headers.ETag));

        await service.Http.PostAsync($"/v1/jobs/{job.Id}/cancel", null);
        using var changed = await service.Http.SendAsync(Conditional());
        Assert.Equal(JobState.Cancelled, (await Service.ReadAsync<JobView>(changed)).Status);
        Assert.Null(changed.Headers.RetryAfter);

        HttpRequestMessage Conditional() => new(HttpMethod.Get, $"/v1/jobs/{job.Id}") { Headers = { IfNoneMatch = { first.Headers.ETag! } } };
    }

    [Fact]
    public async Task Diagnosis_AskedForTwice_IsOneJob_AndOfAJobWithoutATeacherIsRefused()
    {
        var taught = Service.Spec("cpu").Replace("""{"name": "none"}""", """{"name": "kd"}, "teacher": {"model": "resnet20"}""", StringComparison.Ordinal);
        var job = await service.RunSpecAsync(taught);
        using var first = await service.Http.PostAsync($"/v1/jobs/{job.Id}/diagnosis", null);
        using var second = await service.Http.PostAsync($"/v1/jobs/{job.Id}/diagnosis", null);
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
        var diagnosis = await Service.ReadAsync<JobView>(first);
        Assert.Equal((job.Id, $"/v1/jobs/{diagnosis.Id}"), (diagnosis.Diagnoses, $"{first.Headers.Location}"));
        Assert.Equal((diagnosis.Id, first.Headers.Location), ((await Service.ReadAsync<JobView>(second)).Id, second.Headers.Location));

        using var refused = await service.Http.PostAsync($"/v1/jobs/{(await service.SubmitAsync(Service.Spec())).Id}/diagnosis", null);
        Assert.Contains("no teacher", (await Service.ProblemAsync(refused, 409, "not-diagnosable")).Detail);
    }

    [Fact]
    public async Task Control_ThroughAJobsLife_MovesItAndRefusesWhatItsStateForbids()
    {
        var id = (await service.SubmitAsync(Service.Spec())).Id;
        await RefusesAsync("resume", "queued", "cancel", "pause");
        await MovesAsync("pause", JobState.Paused);
        await RefusesAsync("pause", "paused", "cancel", "resume");
        await MovesAsync("resume", JobState.Queued);
        await MovesAsync("cancel", JobState.Cancelled);
        await RefusesAsync("cancel", "cancelled", "retry");
        await MovesAsync("retry", JobState.Queued);

        async Task MovesAsync(string action, JobState to)
        {
            using var response = await service.Http.PostAsync($"/v1/jobs/{id}/{action}", null);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(to, (await Service.ReadAsync<JobView>(response)).Status);
        }

        async Task RefusesAsync(string action, string state, params string[] allowed)
        {
            using var response = await service.Http.PostAsync($"/v1/jobs/{id}/{action}", null);
            var problem = await Service.ProblemAsync(response, 409, "invalid-transition");
            Assert.Equal(state, Core.Schema.Json.Naming.ConvertName($"{problem.State}"));
            Assert.Equal(allowed, problem.Allowed);
        }
    }

    [Fact]
    public async Task Get_FinishedJob_ShowsItsReportMetricsAndTimes()
    {
        var job = await service.RunAsync();
        Assert.True(job is { Attempt: 1, StartedAt: not null, FinishedAt: not null, Node: not null, Failure: null });
        Assert.Equal(0.5, Assert.Single(job.Report!.Models).Best.Accuracy);
        Assert.Equal(2.0 / ScriptedTrainer.Steps, job.Metrics!["train/loss"]);
    }

    [Fact]
    public async Task Metrics_OfAFinishedJob_AreCompleteFilteredAndThinned()
    {
        var job = await service.RunAsync();
        var path = $"/v1/jobs/{job.Id}/metrics";

        var all = (await service.GetAsync<Page<MetricSeries>>(path)).Items;
        Assert.Equal(["train/learning_rate", "train/loss"], all.Select(series => series.Name));
        Assert.All(all, series => Assert.Equal(Enumerable.Range(1, ScriptedTrainer.Steps).Select(step => (long)step), series.Points.Select(point => point.Step)));

        var loss = Assert.Single((await service.GetAsync<Page<MetricSeries>>($"{path}?name=train/loss&from_step=11")).Items);
        Assert.Equal((11, 2.0 / 11, 2, "labels"), (loss.Points[0].Step, loss.Points[0].Value, loss.Points[0].Epoch, loss.Points[0].Stage));

        var thin = Assert.Single((await service.GetAsync<Page<MetricSeries>>($"{path}?name=train/loss&max_points=4")).Items);
        Assert.Equal([1, 10, 20, 30], thin.Points.Select(point => point.Step));

        Assert.Empty((await service.GetAsync<Page<MetricSeries>>($"{path}?name=no/such")).Items);
    }

    [Fact]
    public async Task Nodes_OfARunningService_HoldTheWorker()
    {
        var node = Assert.Single((await service.GetAsync<Page<NodeView>>("/v1/nodes")).Items);
        Assert.True(node.Alive);
        Assert.Equal(1, node.Slots["cpu"]);
    }
}
