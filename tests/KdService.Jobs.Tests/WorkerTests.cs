using System.Diagnostics;
using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Jobs.Tests.Support;

namespace KdService.Jobs.Tests;

public class WorkerTests : JobsTest
{
    [Fact]
    public async Task Log_OfEveryAttempt_IsKept()
    {
        var (node, _) = await StartAsync("echo attempt $attempt >&2; [ $attempt = 1 ] && exit 1; " + ScriptedTrainer.Steps(1, 0));
        var id = await node.SubmitAsync();
        await node.WaitForAsync(id, JobState.Succeeded);

        Assert.Equal(["attempt 2"], await node.Queries.LogAsync(id, null, CancellationToken.None));
        Assert.Equal(["attempt 1"], await node.Queries.LogAsync(id, 1, CancellationToken.None));
        Assert.Empty(await node.Queries.LogAsync(id, 3, CancellationToken.None));
        await Assert.ThrowsAsync<JobNotFoundException>(() => node.Queries.LogAsync("01jtqv8k3m5x7r9w2y4z6a8c0e", null, CancellationToken.None));
    }

    [Fact]
    public async Task SignalCache_AfterAnAttempt_HasWhatWasUsedLastAndFits()
    {
        var cache = Directory.CreateDirectory(Path.Combine(Folder["cache"], "teacher")).FullName;
        // 3 files of 400 bytes, the second used last; a lock and what another trainer is writing are not its business.
        foreach (var (name, minutes) in new[] { ("a.safetensors", 30), ("b.safetensors", 1), ("c.safetensors", 20), ("d.safetensors.lock", 40), ("d.safetensors.17", 50), ("e.safetensors.18", 500) })
        {
            File.WriteAllBytes(Path.Combine(cache, name), new byte[400]);
            File.SetLastWriteTimeUtc(Path.Combine(cache, name), DateTime.UtcNow.AddMinutes(-minutes));
        }
        var (node, _) = await StartAsync(ScriptedTrainer.Steps(1), ("SignalCacheGigabytes", "8.5e-7"));
        var id = await node.SubmitAsync();
        await node.WaitForAsync(id, JobState.Succeeded);
        await node.StopAsync();

        Assert.Equal(["b.safetensors", "c.safetensors", "d.safetensors.17", "d.safetensors.lock"], Directory.GetFiles(cache).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Job_WhoseTrainerFinishes_SucceedsWithReportArtifactsAndMetrics()
    {
        var (node, _) = await StartAsync(ScriptedTrainer.Steps(12));

        var id = await node.SubmitAsync();
        var job = await node.WaitForAsync(id, JobState.Succeeded);

        Assert.Equal(1, job.Attempt);
        Assert.Equal("node", job.Node);
        Assert.Equal(12, job.Report!.Steps);
        Assert.Equal((100, 1.0), (job.Progress!.Step, job.Progress.Fraction));
        Assert.Equal(12.5, job.Metrics!["train/loss"]);
        Assert.NotNull(job.FinishedAt);
        await AssertUnbrokenAsync(node, id, 12);
        var artifacts = await node.Queries.ArtifactsAsync(id, CancellationToken.None);
        Assert.Equal(["student.best.safetensors", "student.last.safetensors"], artifacts.Select(artifact => artifact.Name));
        using var reader = new StreamReader(node.Artifacts.Open(artifacts[0].Sha256)!);
        Assert.Equal($"best of {id}\n", await reader.ReadToEndAsync());
        Assert.Empty(await node.Queries.CheckpointsAsync(id, CancellationToken.None));
        Assert.Empty(Directory.GetDirectories(Folder["work/node"]));
    }

    [Fact]
    public async Task Trainer_KilledTwice_GoesOnFromItsCheckpointWithoutGapsOrDoubles()
    {
        var (node, trainer) = await StartAsync($"[ $attempt -lt 3 ] && {{ steps $((attempt * 7)) 0.01; kill -9 $$; }}; {ScriptedTrainer.Steps(20)}");

        var id = await node.SubmitAsync();
        var job = await node.WaitForAsync(id, JobState.Succeeded);

        Assert.Equal(3, job.Attempt);
        Assert.Equal([1, 2, 3], trainer.Runs.Where(run => run.What == "start").Select(run => run.Attempt));
        await AssertUnbrokenAsync(node, id, 20);
        var states = await StatesAsync(node, id);
        Assert.Equal(["queued", "running", "queued", "running", "queued", "running", "succeeded"], states);
        Assert.Equal(1L, await node.ScalarAsync<long>("select count(*) from attempts where job_id = $1 and outcome = 'succeed'", id));
    }

    [Fact]
    public async Task Trainer_ThatAlwaysCrashes_FailsTheJobAfterItsAttemptsWithTheLog()
    {
        var (node, trainer) = await StartAsync("echo \"about to crash in attempt $attempt\" >&2; leave 70");

        var id = await node.SubmitAsync(TestNode.Spec(more: """, "resources": {"max_attempts": 3}"""));
        var job = await node.WaitForAsync(id, JobState.Failed);

        Assert.Equal(3, trainer.Runs.Count(run => run.What == "start"));
        Assert.Equal(FailureCode.TrainerCrashed, job.Failure!.Code);
        Assert.Contains("about to crash in attempt 3", job.Failure.Log!);
        Assert.Equal(FailureAdvice.For(FailureCode.TrainerCrashed), job.Failure.Advice);
    }

    [Theory]
    [InlineData("fail diverged 'loss nan at step 7' 65", FailureCode.Diverged)]
    [InlineData("fail data_corrupt 'data_batch_1.bin: checksum' 65", FailureCode.DataCorrupt)]
    [InlineData("leave 65", FailureCode.InvalidPlan)]
    [InlineData("fail out_of_memory 'no memory' 70", FailureCode.OutOfMemory)]
    public async Task Failure_ThatNoRetryMends_FailsAtTheFirstAttempt(string body, FailureCode code)
    {
        var (node, trainer) = await StartAsync(body);

        var job = await node.WaitForAsync(await node.SubmitAsync(), JobState.Failed);

        Assert.Equal(code, job.Failure!.Code);
        Assert.Single(trainer.Runs, run => run.What == "start");
    }

    [Fact]
    public async Task Trainer_ThatIsNotThere_FailsTheJobAsNodeUnfitByName()
    {
        var node = await StartNodeAsync(null);

        var job = await node.WaitForAsync(await node.SubmitAsync(TestNode.Spec(more: """, "resources": {"max_attempts": 2}""")), JobState.Failed);

        Assert.Equal(2, job.Attempt);
        Assert.Equal(FailureCode.NodeUnfit, job.Failure!.Code);
        Assert.Contains("/nonexistent/trainer", job.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trainer_ThatPrintsRubbish_LosesOnlyTheRubbish()
    {
        var (node, _) = await StartAsync(
            """
            say 'Warning: something'
            say '{"type":"unheard_of"}'
            say '{"type":"metrics","stage":"labels","epoch":"one"}'
            say '{"type":"metrics","stage":"labels\u0000","epoch":1,"step":1,"values":{"train/loss":1}}'
            say ''
            steps 3 0; finish
            """);

        var id = await node.SubmitAsync();

        await node.WaitForAsync(id, JobState.Succeeded);
        await AssertUnbrokenAsync(node, id, 3);
    }

    [Fact]
    public async Task Cancel_OfARunningJob_KillsTheTrainerAndFreesTheSlotForTheNext()
    {
        var (node, trainer) = await StartAsync("trap '' TERM; wait_gate; finish");
        var first = await node.SubmitAsync();
        var second = await node.SubmitAsync();
        await node.WaitForAsync(first, JobState.Running);
        var watch = Stopwatch.StartNew();

        await node.Control.CancelAsync(first, CancellationToken.None);

        await node.WaitForAsync(first, JobState.Cancelled);
        await node.WaitForAsync(second, JobState.Running);
        // The promise is 2 s; a machine under load is allowed more, a heartbeat or a grace period is not.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"the slot was free after {watch.Elapsed}");
        Assert.DoesNotContain(trainer.Runs, run => run.What == "end");
        trainer.OpenGate();
        await node.WaitForAsync(second, JobState.Succeeded);
    }

    [Fact]
    public async Task Pause_OfARunningJob_LeavesACheckpointFromWhichResumeGoesOn()
    {
        var (node, trainer) = await StartAsync("steps 8 0.01; wait_gate; steps 20 0.01; finish");
        var id = await node.SubmitAsync();
        await node.WaitForAsync(id, job => job.Progress?.Step == 8, "step 8");

        var pausing = await node.Control.PauseAsync(id, CancellationToken.None);
        await node.WaitForAsync(id, JobState.Paused);
        var checkpoint = Assert.Single(await node.Queries.CheckpointsAsync(id, CancellationToken.None));
        trainer.OpenGate();
        await node.Control.ResumeAsync(id, CancellationToken.None);
        var job = await node.WaitForAsync(id, JobState.Succeeded);

        Assert.Equal(JobState.Pausing, pausing.Status);
        Assert.Equal((CheckpointKind.Resume, 8L), (checkpoint.Kind, checkpoint.Step));
        Assert.Equal(2, job.Attempt);
        await AssertUnbrokenAsync(node, id, 20);
    }

    [Fact]
    public async Task Pause_OfATrainerThatWillNotStop_KillsItAfterTheGracePeriod()
    {
        var (node, _) = await StartAsync("steps 6 0.01; trap '' TERM; wait_gate; finish", ("StopGraceSeconds", "0.3"));
        var id = await node.SubmitAsync();
        await node.WaitForAsync(id, job => job.Progress?.Step == 6, "step 6");

        await node.Control.PauseAsync(id, CancellationToken.None);
        await node.WaitForAsync(id, JobState.Paused);

        Assert.Equal(5, Assert.Single(await node.Queries.CheckpointsAsync(id, CancellationToken.None)).Step);
        var last = (await node.Queries.EventsAsync(id, 0, 1000, CancellationToken.None)).Items.Last(happened => happened.Type == "state");
        Assert.Equal("paused; the trainer left no new checkpoint (it had not stopped after 0.3 s and was killed by the worker)", last.Data.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Pauses_DoNotUseUpTheAttempts()
    {
        var (node, _) = await StartAsync("steps $((attempt * 5)) 0.01; [ $attempt -lt 4 ] && wait_gate; finish");
        var id = await node.SubmitAsync(TestNode.Spec(more: """, "resources": {"max_attempts": 1}"""));

        for (var attempt = 1; attempt < 4; attempt++)
        {
            await node.WaitForAsync(id, job => job.Progress?.Step == attempt * 5, $"step {attempt * 5}");
            await node.Control.PauseAsync(id, CancellationToken.None);
            await node.WaitForAsync(id, JobState.Paused);
            await node.Control.ResumeAsync(id, CancellationToken.None);
        }

        Assert.Equal(4, (await node.WaitForAsync(id, JobState.Succeeded)).Attempt);
    }

    [Fact]
    public async Task TimeLimit_OverAllAttempts_FailsTheJobAndRetryGoesOn()
    {
        var (node, trainer) = await StartAsync("steps 6 0.01; wait_gate; steps 10 0.01; finish");
        var id = await node.SubmitAsync(TestNode.Spec(more: """, "resources": {"time_limit_seconds": 1}"""));

        var job = await node.WaitForAsync(id, JobState.Failed);
        trainer.OpenGate();
        await node.Control.RetryAsync(id, CancellationToken.None);
        await node.WaitForAsync(id, JobState.Succeeded);

        Assert.Equal(FailureCode.TimeLimit, job.Failure!.Code);
        await AssertUnbrokenAsync(node, id, 10);
    }

    [Fact]
    public async Task Retry_OfAFailedJob_GoesOnFromItsCheckpointWithANewBudget()
    {
        var (node, trainer) = await StartAsync("steps 7 0.01; kill -9 $$");
        var id = await node.SubmitAsync(TestNode.Spec(more: """, "resources": {"max_attempts": 2}"""));
        await node.WaitForAsync(id, JobState.Failed);
        trainer.Write($"[ $attempt -eq 3 ] && kill -9 $$; echo $step >> {Folder["resumed"]}; {ScriptedTrainer.Steps(9)}");

        await node.Control.RetryAsync(id, CancellationToken.None);
        var job = await node.WaitForAsync(id, JobState.Succeeded);

        Assert.Equal(4, job.Attempt);
        Assert.Equal("5", File.ReadAllText(Folder["resumed"]).Trim());
        Assert.Null(job.Failure);
        await AssertUnbrokenAsync(node, id, 9);
    }

    [Fact]
    public async Task Worker_ThatStops_HandsItsJobBackToTheQueueFromACheckpoint()
    {
        var (node, trainer) = await StartAsync("steps 8 0.01; wait_gate; steps 12 0.01; finish");
        var id = await node.SubmitAsync(TestNode.Spec(more: """, "resources": {"max_attempts": 1}"""));
        await node.WaitForAsync(id, job => job.Progress?.Step == 8, "step 8");

        await node.StopAsync();
        trainer.OpenGate();
        var next = await StartNodeAsync(trainer);
        var job = await next.WaitForAsync(id, JobState.Succeeded);

        Assert.Equal(2, job.Attempt);
        await AssertUnbrokenAsync(next, id, 12);
        Assert.Contains("end", trainer.Runs.Where(run => run.Attempt == 1).Select(run => run.What));
    }

    [Fact]
    public async Task Trainer_SeesItsDeviceAndThreadsAndNoSecrets()
    {
        Environment.SetEnvironmentVariable("Kd__ApiKey", "secret");
        var (node, _) = await StartAsync($"env > {Folder["env"]}; cp run.json {Folder["run.json"]}; finish", ("Queues:gpu:h200", "cuda:3"));

        await node.WaitForAsync(await node.SubmitAsync(TestNode.Spec(more: """, "queue": "gpu:h200", "resources": {"threads": 3}""")), JobState.Succeeded);

        var environment = File.ReadAllLines(Folder["env"]);
        Assert.Contains("CUDA_VISIBLE_DEVICES=3", environment);
        Assert.Contains("OMP_NUM_THREADS=3", environment);
        Assert.DoesNotContain(environment, line => line.StartsWith("Kd__", StringComparison.Ordinal) || line.StartsWith("OPENBLAS_CORETYPE", StringComparison.Ordinal));
        Assert.Contains("\"device\": \"cuda:0\"", File.ReadAllText(Folder["run.json"]), StringComparison.Ordinal);
    }

    /// <summary>The loss has exactly one point at every step.</summary>
    internal static async Task AssertUnbrokenAsync(TestNode node, string id, int steps)
    {
        var series = Assert.Single(await node.Queries.MetricsAsync(id, ["train/loss"], 0, CancellationToken.None));
        Assert.Equal(Enumerable.Range(1, steps).Select(step => (long)step), series.Points.Select(point => point.Step));
        Assert.All(series.Points, point => Assert.Equal(point.Step + 0.5, point.Value));
    }

    private static async Task<IEnumerable<string>> StatesAsync(TestNode node, string id) =>
        (await node.Queries.EventsAsync(id, 0, 1000, CancellationToken.None)).Items
        .Where(happened => happened.Type == "state").Select(happened => happened.Data.GetProperty("to").GetString()!);
}
