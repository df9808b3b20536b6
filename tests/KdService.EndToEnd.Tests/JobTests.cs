using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Core.Wire;

namespace KdService.EndToEnd.Tests;

/// <summary>A job's way, over HTTP, through real processes.</summary>
public class JobTests
{
    [Fact]
    public async Task Job_WithATeacherRecipe_GivesTeacherStudentArtifactsAndMetrics()
    {
        await using var service = await ServiceProcess.StartAsync();
        var submitted = await service.SubmitAsync(Specs.AnnealingKd());
        Assert.Equal(JobState.Waiting, submitted.Status);
        var job = await service.SucceededAsync(submitted.Id);

        var teacher = await service.JobAsync(job.TeacherJob!);
        Assert.Equal(JobState.Succeeded, teacher.Status);
        var student = job.Report!.Models.Single(model => model.Id == "student");
        Assert.InRange(student.Best.Score, 0.1, 1);
        Assert.NotNull(student.Best.Agreement);
        Assert.NotNull(student.Last);
        Assert.Equal(200, student.Best.Samples);

        var artifacts = (await service.GetAsync<Page<ArtifactView>>($"/v1/jobs/{job.Id}/artifacts")).Items;
        Assert.Superset(new HashSet<string> { "student.best.safetensors", "student.last.safetensors", "report.json" }, artifacts.Select(artifact => artifact.Name).ToHashSet());
        foreach (var artifact in artifacts)
        {
            var bytes = await service.Http.GetByteArrayAsync(artifact.Url);
            Assert.Equal(artifact.Sha256, Convert.ToHexStringLower(SHA256.HashData(bytes)));
            Assert.Equal(artifact.Bytes, bytes.Length);
        }
        var weights = await service.Http.GetByteArrayAsync(artifacts.Single(artifact => artifact.Name == "student.best.safetensors").Url);
        var header = JsonDocument.Parse(weights.AsMemory(8, (int)BitConverter.ToInt64(weights))).RootElement;
        Assert.Contains(header.EnumerateObject(), tensor => tensor.Name.EndsWith("running_mean", StringComparison.Ordinal));

        var checkpoints = (await service.GetAsync<Page<CheckpointView>>($"/v1/jobs/{job.Id}/checkpoints")).Items;
        Assert.All(checkpoints, checkpoint => Assert.Equal((CheckpointKind.Epoch, 3), (checkpoint.Kind, checkpoint.Epoch)));
        Assert.Equal(["annealing", "labels"], checkpoints.Select(checkpoint => checkpoint.Stage).Order(StringComparer.Ordinal));
        var metrics = await service.MetricsAsync(job.Id);
        Assert.Contains(metrics.Keys, key => key.Series == "selection/accuracy");
        Assert.Contains(metrics.Keys, key => key.Series == "train/loss");
    }

    [Fact]
    public async Task Job_ThatFollowsItsTeachersCheckpoints_GetsThemByRecipeAndFromAFinishedJob()
    {
        await using var service = await ServiceProcess.StartAsync();
        var job = await service.SucceededAsync((await service.SubmitAsync(Specs.ProKd())).Id);
        var checkpoints = (await service.GetAsync<Page<CheckpointView>>($"/v1/jobs/{job.TeacherJob}/checkpoints")).Items;
        Assert.Equal([1, 2, 3, 4], checkpoints.Select(checkpoint => checkpoint.Epoch));
        Assert.Equal([2, 3, 4], job.Plan!.Stages[0].Curriculum!.Route);

        var teacher = Specs.ProKd().Replace("{\"model\": \"plane4\", \"training\": {\"epochs\": 4, \"batch_size\": 64, \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.01} } }", $"{{\"job\": \"{job.TeacherJob}\"}}", StringComparison.Ordinal);
        var other = await service.SucceededAsync((await service.SubmitAsync(teacher)).Id);
        Assert.Equal(await service.TensorBytesAsync(job.Id, "student.last.safetensors"), await service.TensorBytesAsync(other.Id, "student.last.safetensors"));

        var artifacts = (await service.GetAsync<Page<ArtifactView>>($"/v1/jobs/{job.Id}/artifacts")).Items.Select(artifact => artifact.Name).ToHashSet();
        Assert.Superset(new HashSet<string> { "diagnosis.json", "diagnosis.svg", "predictions.json" }, artifacts);

        // A student without checkpoints of its own is no teacher to follow.
        using var refused = await service.PostAsync("/v1/jobs", teacher.Replace(job.TeacherJob!, job.Id, StringComparison.Ordinal));
        Assert.Contains("/teacher/job", await refused.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Diagnosis_OfAFinishedJob_IsTheOneThatItsSpecWouldHaveAskedFor()
    {
        await using var service = await ServiceProcess.StartAsync();
        var job = await service.SucceededAsync((await service.SubmitAsync(Specs.Clusters())).Id);
        Assert.DoesNotContain("diagnosis.json", await NamesAsync(service, job.Id));

        using var asked = await service.PostAsync($"/v1/jobs/{job.Id}/diagnosis");
        Assert.Equal(System.Net.HttpStatusCode.Created, asked.StatusCode);
        var diagnosis = await service.SucceededAsync(KdService.Core.Schema.Json.Read<JobView>(await asked.Content.ReadAsStringAsync()).Id);
        Assert.Equal((job.Id, job.TeacherJob, 1), (diagnosis.Diagnoses, diagnosis.TeacherJob, diagnosis.Attempt));
        Assert.Empty(diagnosis.Report!.Models);
        Assert.Equal(["diagnosis.json", "diagnosis.svg"], await NamesAsync(service, diagnosis.Id));
        Assert.Superset(new HashSet<string> { "diagnosis.json", "diagnosis.svg", "student.best.safetensors" }, await NamesAsync(service, job.Id));

        var own = await service.SucceededAsync((await service.SubmitAsync(Specs.Clusters(diagnosis: true))).Id);
        Assert.Equal(await DiagnosisAsync(service, own.Id), await DiagnosisAsync(service, job.Id));
    }

    [Fact]
    public async Task Jobs_WithEqualTeacherRecipes_ShareOneTeacher()
    {
        await using var service = await ServiceProcess.StartAsync();
        var jobs = await Task.WhenAll(Enumerable.Range(1, 3).Select(seed => service.SubmitAsync(Specs.AnnealingKd(epochs: 4, seed: seed))));
        Assert.Single(jobs.Select(job => job.TeacherJob).Distinct());
        foreach (var job in jobs) await service.SucceededAsync(job.Id);
    }

    [Fact]
    public async Task IdempotencyKey_SentAtOnceByManyClients_GivesOneJob()
    {
        await using var service = await ServiceProcess.StartAsync();
        var ids = await Task.WhenAll(Enumerable.Range(0, 40).Select(async _ => (await service.SubmitAsync(Specs.Endless("nowhere"), "same-key")).Id));
        Assert.Single(ids.Distinct());
        Assert.Single((await service.GetAsync<Page<JobView>>("/v1/jobs")).Items);
    }

    [Fact]
    public async Task Events_AsAStream_EndWithTheTerminalStateAndReplayAfterAnId()
    {
        await using var service = await ServiceProcess.StartAsync();
        var id = (await service.SubmitAsync(Specs.Alone())).Id;
        var whole = await StreamAsync(service, id, null);
        Assert.Contains("succeeded", whole[^1].Data, StringComparison.Ordinal);
        var middle = whole[whole.Count / 2];
        var rest = await StreamAsync(service, id, middle.Id);
        Assert.Equal(whole.Skip(whole.Count / 2 + 1).Select(item => item.Id), rest.Select(item => item.Id));
    }

    private static async Task<HashSet<string>> NamesAsync(ServiceProcess service, string job) =>
        [.. (await service.GetAsync<Page<ArtifactView>>($"/v1/jobs/{job}/artifacts")).Items.Select(artifact => artifact.Name)];

    private static async Task<string> DiagnosisAsync(ServiceProcess service, string job)
    {
        var artifacts = (await service.GetAsync<Page<ArtifactView>>($"/v1/jobs/{job}/artifacts")).Items;
        return await service.Http.GetStringAsync(artifacts.Single(artifact => artifact.Name == "diagnosis.json").Url);
    }

    private static async Task<List<(string Id, string Data)>> StreamAsync(ServiceProcess service, string job, string? after)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/jobs/{job}/events");
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (after is not null) request.Headers.Add("Last-Event-ID", after);
        using var client = new HttpClient { BaseAddress = service.Http.BaseAddress, Timeout = TimeSpan.FromSeconds(120) };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(), Encoding.UTF8);
        var items = new List<(string, string)>();
        var (id, type) = ("", "");
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("id:", StringComparison.Ordinal)) id = line[3..].Trim();
            if (line.StartsWith("event:", StringComparison.Ordinal)) type = line[6..].Trim();
            // Progress is shown as it passes, under the id of the event before it: only the others are kept and replayed.
            if (line.StartsWith("data:", StringComparison.Ordinal) && type != "progress") items.Add((id, line[5..]));
        }
        return items;
    }
}
