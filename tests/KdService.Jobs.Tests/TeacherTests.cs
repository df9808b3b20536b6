using KdService.Core.Jobs;
using KdService.Jobs.Tests.Support;

namespace KdService.Jobs.Tests;

public class TeacherTests : JobsTest
{
    private const string Recipe = """{"model": "resnet20", "weights": "last"}""";

    [Fact]
    public async Task Students_GetTheWeightsOfTheOneTeacherTheyShare()
    {
        var (node, trainer) = await StartAsync($"[ -f teacher.safetensors ] && cat teacher.safetensors >> {Folder["received"]}; {ScriptedTrainer.Steps(3)}");

        var ids = await Task.WhenAll(Enumerable.Range(0, 3).Select(seed => node.SubmitAsync(TestNode.Spec(Recipe) with { Seed = seed })));
        foreach (var id in ids) await node.WaitForAsync(id, JobState.Succeeded);

        var teacher = (await node.JobAsync(ids[0])).TeacherJob!;
        Assert.Equal(Enumerable.Repeat($"last of {teacher}", 3), await File.ReadAllLinesAsync(Folder["received"]));
        Assert.Equal(4, trainer.Runs.Count(run => run.What == "start"));
        Assert.Equal(teacher, trainer.Runs[0].Job);
    }

    [Fact]
    public async Task FinishedJob_NamedAsTeacher_TeachesAtOnce()
    {
        var (node, _) = await StartAsync($"[ -f teacher.safetensors ] && cat teacher.safetensors > {Folder["received"]}; {ScriptedTrainer.Steps(3)}");
        var teacher = await node.SubmitAsync();
        await node.WaitForAsync(teacher, JobState.Succeeded);

        var student = await node.SubmitAsync(TestNode.Spec($$"""{"job": "{{teacher}}"}"""));
        var job = await node.WaitForAsync(student, JobState.Succeeded);

        Assert.Equal((teacher, "resnet8"), (job.TeacherJob, job.Teacher));
        Assert.Equal($"best of {teacher}", (await File.ReadAllTextAsync(Folder["received"])).Trim());
    }

    [Fact]
    public async Task Teacher_ThatFails_FailsItsStudentsAndRetryTrainsItAnew()
    {
        var (node, trainer) = await StartAsync("fail diverged 'loss nan' 65");
        var id = await node.SubmitAsync(TestNode.Spec(Recipe));

        var failed = await node.WaitForAsync(id, JobState.Failed);
        trainer.Write(ScriptedTrainer.Steps(3));
        var retried = await node.Control.RetryAsync(id, CancellationToken.None);
        var done = await node.WaitForAsync(id, JobState.Succeeded);

        Assert.Equal(FailureCode.DependencyFailed, failed.Failure!.Code);
        Assert.Equal($"its teacher's job {failed.TeacherJob} failed: loss nan", failed.Failure.Message);
        Assert.Equal(JobState.Waiting, retried.Status);
        Assert.NotEqual(failed.TeacherJob, done.TeacherJob);
        // The old one may not come back beside the new.
        var refused = await Assert.ThrowsAsync<InvalidTransitionException>(() => node.Control.RetryAsync(failed.TeacherJob!, CancellationToken.None));
        Assert.Contains("same recipe", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Teacher_ThatIsCancelled_FailsItsStudents()
    {
        var node = await StartApiAsync();
        var id = await node.SubmitAsync(TestNode.Spec(Recipe));

        await node.Control.CancelAsync((await node.JobAsync(id)).TeacherJob!, CancellationToken.None);

        Assert.Equal(FailureCode.DependencyFailed, (await node.JobAsync(id)).Failure!.Code);
    }

    [Fact]
    public async Task WaitingStudent_PausedAndResumed_WaitsAgain()
    {
        var node = await StartApiAsync();
        var id = await node.SubmitAsync(TestNode.Spec(Recipe));

        await node.Control.PauseAsync(id, CancellationToken.None);
        var resumed = await node.Control.ResumeAsync(id, CancellationToken.None);
        await node.ExecuteAsync("update jobs set state = 'succeeded' where id = $1", resumed.TeacherJob!);
        await node.ReconcileAsync();

        Assert.Equal(JobState.Waiting, resumed.Status);
        Assert.Equal(JobState.Queued, (await node.JobAsync(id)).Status);
    }
}
