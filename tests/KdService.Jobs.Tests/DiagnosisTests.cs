using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Jobs.Tests.Support;

namespace KdService.Jobs.Tests;

public class DiagnosisTests : JobsTest
{
    private const string Recipe = """{"model": "resnet20"}""";

    [Fact]
    public async Task Diagnosis_GetsTheWeightsOfStudentAndTeacher_AndItsArtifactsAreTheJobsToo()
    {
        var (node, trainer) = await StartAsync($$"""
            if grep -q '"diagnosis_only": true' run.json; then
              cat teacher.safetensors student.safetensors > {{Folder["received"]}}; echo found > diagnosis.json; artifact diagnosis.json
              say '{"type":"finished","report":{"protocol":"holdout","models":[],"teacher_signals":[],"steps":0,"seconds":1,"peak_memory_bytes":1,"environment":{"lib_torch":"none","device":"cpu","blas":"none","cpu_capability":"none","threads":1,"trainer":"scripted"} } }'
              leave 0
            fi
            {{ScriptedTrainer.Steps(1, 0)}}
            """);
        var id = await node.SubmitAsync(TestNode.Spec(Recipe));
        var job = await node.WaitForAsync(id, JobState.Succeeded);

        var (diagnosis, created) = await RequestAsync(node, id);
        Assert.True(created);
        await node.WaitForAsync(diagnosis, JobState.Succeeded);

        Assert.Equal([$"best of {job.TeacherJob}", $"best of {id}"], await File.ReadAllLinesAsync(Folder["received"]));
        var artifacts = await node.Queries.ArtifactsAsync(id, CancellationToken.None);
        Assert.Equal(["diagnosis.json", "student.best.safetensors", "student.last.safetensors"], artifacts.Select(artifact => artifact.Name));
        Assert.Equal((diagnosis, false), await RequestAsync(node, id));
        Assert.Equal(3, trainer.Runs.Count(run => run.What == "start"));
        await RefusedAsync(node, diagnosis, $"diagnosis of job {id}");
        var refused = await Assert.ThrowsAsync<InvalidDocumentException>(() => node.SubmitAsync(TestNode.Spec($$"""{"job": "{{diagnosis}}"}""")));
        Assert.Contains(refused.Problems, problem => problem.Pointer == "/teacher/job" && problem.Detail.Contains("trains nothing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Requests_FromManyClientsAtOnce_AreOneDiagnosis_AndOneThatFailedMakesRoom()
    {
        var (node, _) = await StartAsync($"grep -q '\"diagnosis_only\": true' run.json && {{ wait_gate; fail data_corrupt 'no data' 65; }}; {ScriptedTrainer.Steps(1, 0)}");
        var id = await node.SubmitAsync(TestNode.Spec(Recipe));
        await node.WaitForAsync(id, JobState.Succeeded);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => RequestAsync(node, id)));
        var first = Assert.Single(answers.Select(answer => answer.Id).Distinct());
        Assert.Single(answers, answer => answer.Created);

        File.WriteAllText(Folder["gate"], "");
        await node.WaitForAsync(first, JobState.Failed);
        var (second, created) = await RequestAsync(node, id);
        Assert.True(created);
        await node.WaitForAsync(second, JobState.Failed);
    }

    [Fact]
    public async Task Job_ThatCannotBeDiagnosed_IsRefusedWithTheReason()
    {
        var node = await StartApiAsync();
        await RefusedAsync(node, await node.SubmitAsync(), "no teacher");
        await RefusedAsync(node, await node.SubmitAsync(TestNode.Spec(Recipe)), "a job that has succeeded");
        await RefusedAsync(node, await node.SubmitAsync(TestNode.Spec(Recipe, """, "diagnosis": true""")), "diagnoses itself");
        await Assert.ThrowsAsync<JobNotFoundException>(() => RequestAsync(node, "01jtqv8k3m5x7r9w2y4z6a8c0e"));
    }

    private static async Task RefusedAsync(TestNode node, string id, string reason)
    {
        var refused = await Assert.ThrowsAsync<NotDiagnosableException>(() => RequestAsync(node, id));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    private static async Task<(string Id, bool Created)> RequestAsync(TestNode node, string id)
    {
        var (diagnosis, created) = await node.Get<JobDiagnosis>().RequestAsync(id, CancellationToken.None);
        return (diagnosis.Id, created);
    }
}
