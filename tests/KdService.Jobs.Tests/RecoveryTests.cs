using System.Diagnostics;
using KdService.Core.Jobs;
using KdService.Jobs.Queue;
using KdService.Jobs.Tests.Support;
using KdService.Jobs.Worker;

namespace KdService.Jobs.Tests;

public class RecoveryTests : JobsTest
{
    /// <summary>What kill -9 of a worker leaves: a running attempt under a lease that nobody renews.</summary>
    private static Task AbandonAsync(TestNode node, string id, string owner, string state = "running", string lease = "-1 second", int attempt = 1) => node.ExecuteAsync(
        """
        update jobs set state = $2, attempt = $5, node = $3, lease_holder = $3 || '/gone', lease_until = now() + $4::interval, started_at = now() where id = $1
        """, id, state, owner, lease, attempt);

    [Fact]
    public async Task Attempt_OfADeadNode_IsTakenUpOnceItsLeaseHasExpired()
    {
        var (node, _) = await StartAsync(ScriptedTrainer.Steps(3), ("Queues:other", "1"));
        var expired = await node.SubmitAsync();
        var held = await node.SubmitAsync();
        await AbandonAsync(node, expired, "dead");
        await AbandonAsync(node, held, "unreachable", lease: "1 hour");

        await node.ReconcileAsync();

        Assert.Equal(JobState.Queued, (await node.JobAsync(expired)).Status);
        Assert.Equal(JobState.Running, (await node.JobAsync(held)).Status);
        Assert.Contains(new AttemptName(expired, 2), await node.Get<IJobEngine>().ListAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData("pausing", JobState.Paused)]
    [InlineData("cancelling", JobState.Cancelled)]
    public async Task Attempt_OfADeadNode_EndsAsTheUserAsked(string state, JobState expected)
    {
        var node = await StartApiAsync();
        var id = await node.SubmitAsync();
        await AbandonAsync(node, id, "dead", state);

        await node.ReconcileAsync();

        Assert.Equal(expected, (await node.JobAsync(id)).Status);
    }

    [Fact]
    public async Task LastAttempt_OfADeadNode_FailsTheJob()
    {
        var node = await StartApiAsync();
        var id = await node.SubmitAsync(TestNode.Spec(more: """, "resources": {"max_attempts": 2}"""));
        await AbandonAsync(node, id, "dead", attempt: 2);

        await node.ReconcileAsync();

        var job = await node.JobAsync(id);
        Assert.Equal((JobState.Failed, FailureCode.TrainerCrashed), (job.Status, job.Failure!.Code));
        Assert.Contains("dead", job.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Worker_ThatStartsAgain_TakesUpItsOwnAttemptsAtOnceAndKillsTheirTrainers()
    {
        var api = await StartApiAsync();
        var id = await api.SubmitAsync();
        await AbandonAsync(api, id, "node", lease: "1 hour");
        var work = Directory.CreateDirectory(Folder[$"work/node/{id}/1"]).FullName;
        using var leftover = Process.Start("setsid", ["sleep", "600"]);
        var startTime = (await File.ReadAllTextAsync($"/proc/{leftover.Id}/stat")).Split(") ")[1].Split(' ')[19];
        await File.WriteAllTextAsync(Path.Combine(work, "trainer.pid"), $"{leftover.Id} {startTime}");

        var (node, _) = await StartAsync(ScriptedTrainer.Steps(3));
        var job = await node.WaitForAsync(id, JobState.Succeeded);

        Assert.Equal(2, job.Attempt);
        await leftover.WaitForExitAsync();
        Assert.Equal(128 + 9, leftover.ExitCode);
    }

    [Fact]
    public async Task Leftover_WhoseNumberBelongsToAnotherProcessNow_IsLeftAlone()
    {
        using var stranger = Process.Start("setsid", ["sleep", "600"]);
        var work = Directory.CreateDirectory(Folder["work/node/job/1"]).FullName;
        await File.WriteAllTextAsync(Path.Combine(work, "trainer.pid"), $"{stranger.Id} 12345");

        await StartAsync(ScriptedTrainer.Steps(1));

        Assert.False(stranger.HasExited);
        Assert.False(Directory.Exists(work));
        stranger.Kill();
    }

    [Fact]
    public async Task SecondWorker_OfTheSameNameInTheSameFolder_RefusesToStart()
    {
        var (_, trainer) = await StartAsync(ScriptedTrainer.Steps(1));

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => StartNodeAsync(trainer));

        Assert.Contains("another worker runs as node", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lease_ThatPassedToAnother_EndsTheTrainerAndWritesNothing()
    {
        var (node, trainer) = await StartAsync("trap '' TERM; steps 5 0.01; wait_gate; steps 50 0.01; finish");
        var id = await node.SubmitAsync();
        await node.WaitForAsync(id, job => job.Progress?.Step == 5, "step 5");

        await node.ExecuteAsync("update jobs set attempt = 2, lease_holder = 'another', lease_until = now() + interval '1 hour' where id = $1", id);
        await TestNode.UntilAsync(
            () => Task.FromResult(!Directory.Exists(Folder[$"work/node/{id}"])), () => Task.FromResult("the trainer of the lost attempt still works"));
        trainer.OpenGate();

        Assert.Equal(JobState.Running, (await node.JobAsync(id)).Status);
        Assert.Equal(5, Assert.Single(await node.Queries.MetricsAsync(id, null, 0, CancellationToken.None)).Points.Count);
        Assert.DoesNotContain(trainer.Runs, run => run.What == "end");
    }

    [Fact]
    public async Task QueuedJob_WithoutItsTrigger_IsLinedUpAgain()
    {
        var node = await StartApiAsync();
        var id = await node.SubmitAsync();
        await node.Get<IJobEngine>().UnscheduleAsync(new AttemptName(id, 1), CancellationToken.None);

        await node.ReconcileAsync();

        Assert.Equal([new AttemptName(id, 1)], await node.Get<IJobEngine>().ListAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData("succeeded", JobState.Queued)]
    [InlineData("failed", JobState.Failed)]
    [InlineData("cancelled", JobState.Failed)]
    public async Task WaitingJob_WhoseTeacherHasEnded_Moves(string teacher, JobState expected)
    {
        var node = await StartApiAsync();
        var id = await node.SubmitAsync(TestNode.Spec("""{"model": "resnet20"}"""));
        await node.ExecuteAsync("update jobs set state = $2 where id = $1", (await node.JobAsync(id)).TeacherJob!, teacher);

        await node.ReconcileAsync();

        var job = await node.JobAsync(id);
        Assert.Equal(expected, job.Status);
        if (expected == JobState.Failed) Assert.Equal(FailureCode.DependencyFailed, job.Failure!.Code);
    }

    [Fact]
    public async Task Place_InTheLineThatBelongsToNoJob_StartsNothing()
    {
        var (node, trainer) = await StartAsync(ScriptedTrainer.Steps(1));
        var id = await node.SubmitAsync();
        await node.WaitForAsync(id, JobState.Succeeded);

        await node.Get<IJobEngine>().ScheduleAsync(new ScheduledAttempt(new AttemptName(id, 1), "cpu", DateTimeOffset.UtcNow), CancellationToken.None);
        await TestNode.UntilAsync(
            async () => (await node.Get<IJobEngine>().ListAsync(CancellationToken.None)).Count == 0, () => Task.FromResult("the stray trigger never fired"));

        Assert.Single(trainer.Runs, run => run.What == "start");
        Assert.Equal(JobState.Succeeded, (await node.JobAsync(id)).Status);
    }

    [Fact]
    public async Task Trainer_DiesWithTheThreadThatKeepsIt_NotWithTheOneThatAskedForIt()
    {
        using var folder = new TestFolder();
        var script = new ScriptedTrainer(folder, "wait_gate; leave 0");
        await File.WriteAllTextAsync(folder["run.json"], "{}");
        TrainerProcess? trainer = null;
        var asking = new Thread(() => trainer = TrainerProcess.StartAsync(script.Path, folder.Path, "cpu", 1).GetAwaiter().GetResult());
        asking.Start();
        asking.Join();

        script.OpenGate();
        await trainer!.WaitAsync();

        Assert.Equal(0, trainer.ExitCode);
        trainer.Dispose();
    }
}
