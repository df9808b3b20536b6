using System.Net;
using System.Text.Json.Nodes;
using KdService.Core;
using KdService.Core.Jobs;
using KdService.Core.Wire;

namespace KdService.Api.Tests;

[Collection(nameof(Service))]
public sealed class SubmissionTests(Service service)
{
    [Fact]
    public async Task Submit_ValidSpec_Is201WithTheJobAndItsAddress()
    {
        using var response = await service.Http.PostAsync("/v1/jobs", Service.Json(Service.Spec(more: "\"name\": \"first\", \"labels\": {\"team\": \"vision\"}")));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var job = await Service.ReadAsync<JobView>(response);
        Assert.Equal($"/v1/jobs/{job.Id}", response.Headers.Location?.OriginalString);
        Assert.True(SortableId.IsValid(job.Id));
        Assert.Equal(("first", JobState.Queued, Service.Parked, "none", "procedural", "resnet8"), (job.Name, job.Status, job.Queue, job.Method, job.Dataset, job.Student));
        Assert.Equal(128, job.Spec!.Training.BatchSize);
        Assert.Equal("labels", Assert.Single(job.Plan!.Stages).Name);
    }

    [Fact]
    public async Task Submit_TeacherRecipe_WaitsOnOneTeacherSharedByAll()
    {
        const string Spec = """
            {"queue": "parked", "dataset": {"name": "procedural", "samples": 1234}, "teacher": {"model": "resnet14"}, "student": {"model": "resnet8"}, "method": {"name": "kd", "alpha": ALPHA}}
            """;
        var first = await service.SubmitAsync(Spec.Replace("ALPHA", "0.5", StringComparison.Ordinal));
        var second = await service.SubmitAsync(Spec.Replace("ALPHA", "0.9", StringComparison.Ordinal));
        Assert.Equal(JobState.Waiting, first.Status);
        Assert.NotEqual(first.Id, second.Id);
        Assert.NotNull(first.TeacherJob);
        Assert.Equal(first.TeacherJob, second.TeacherJob);
        Assert.Equal("resnet14", (await service.GetAsync<JobView>($"/v1/jobs/{first.TeacherJob}")).Student);
    }

    [Fact]
    public async Task Submit_SameKeyAgain_Is200WithTheSameJob()
    {
        using var first = await SubmitAsync("again", Service.Spec());
        using var second = await SubmitAsync("again", Service.Spec().Replace(" ", "  ", StringComparison.Ordinal));
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
        Assert.False(first.Headers.Contains("Idempotent-Replayed"));
        Assert.Equal("true", Assert.Single(second.Headers.GetValues("Idempotent-Replayed")));
        Assert.Equal(first.Headers.Location, second.Headers.Location);
        Assert.Equal((await Service.ReadAsync<JobView>(first)).Id, (await Service.ReadAsync<JobView>(second)).Id);
    }

    [Fact]
    public async Task Submit_SameKeyWithAnotherSpec_Is409()
    {
        using var first = await SubmitAsync("conflict", Service.Spec());
        using var second = await SubmitAsync("conflict", Service.Spec(more: "\"seed\": 1"));
        var problem = await Service.ProblemAsync(second, 409, "idempotency-conflict");
        Assert.Contains((await Service.ReadAsync<JobView>(first)).Id, problem.Detail);
    }

    [Fact]
    public async Task Submit_SameKeyFromManyClientsAtOnce_IsOneJob()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(async _ =>
        {
            using var response = await SubmitAsync("race", Service.Spec(more: "\"name\": \"raced\""));
            return (response.StatusCode, (await Service.ReadAsync<JobView>(response)).Id);
        }));
        Assert.Single(answers.Select(answer => answer.Id).Distinct());
        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        Assert.All(answers, answer => Assert.True(answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK));
        Assert.Single((await service.GetAsync<Page<JobView>>("/v1/jobs?name=raced")).Items);
    }

    [Fact]
    public async Task Validate_ValidSpec_AnswersPlanAndEstimateAndKeepsNothing()
    {
        using var response = await service.Http.PostAsync("/v1/jobs/validate", Service.Json("""
            {"name": "only validated", "dataset": {"name": "procedural", "samples": 987}, "teacher": {"model": "resnet20"}, "student": {"model": "resnet8"},
             "method": {"name": "takd", "assistants": ["resnet14"]}}
            """));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var view = await Service.ReadAsync<ValidationView>(response);
        Assert.Equal(["assistant_1", "distil"], view.Plan.Stages.Select(stage => stage.Name));
        Assert.NotNull(view.TeacherPlan);
        Assert.True(view.Estimate is { Seconds: > 0, MemoryBytes: > 0, DiskBytes: > 0, Steps: > 0 });
        Assert.Empty((await service.GetAsync<Page<JobView>>("/v1/jobs?name=only%20validated")).Items);
    }

    [Fact]
    public async Task Submit_WithLabelsOfAllKinds_FindsThemAgain()
    {
        var spec = JsonNode.Parse(Service.Spec())!;
        spec["labels"] = new JsonObject { ["owner"] = "zoë:r&d", ["run"] = "√2", ["empty"] = "" };
        var job = await service.SubmitAsync(spec.ToJsonString());
        Assert.Equal("zoë:r&d", job.Labels["owner"]);
        foreach (var label in new[] { "owner:zoë:r&d", "run:√2", "empty:" })
        {
            var found = await service.GetAsync<Page<JobView>>($"/v1/jobs?label={Uri.EscapeDataString(label)}");
            Assert.Equal(job.Id, Assert.Single(found.Items).Id);
        }
    }

    private async Task<HttpResponseMessage> SubmitAsync(string key, string spec)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/jobs") { Content = Service.Json(spec), Headers = { { "Idempotency-Key", key } } };
        return await service.Http.SendAsync(request);
    }
}
