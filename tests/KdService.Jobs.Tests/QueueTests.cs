using KdService.Core.Jobs;
using KdService.Jobs.Tests.Support;

namespace KdService.Jobs.Tests;

public class QueueTests : JobsTest
{
    [Fact]
    public async Task Jobs_OfAQueueWithOneSlot_RunOneByOneInTheOrderOfSubmission()
    {
        var api = await StartApiAsync();
        List<string> ids = [];
        for (var i = 0; i < 12; i++)
        {
            ids.Add(await api.SubmitAsync());
            // Jobs of the same millisecond have no order.
            await Task.Delay(2);
        }

        var (node, trainer) = await StartAsync("steps 1 0; finish");
        foreach (var id in ids) await node.WaitForAsync(id, JobState.Succeeded);

        Assert.Equal(ids.SelectMany(id => new[] { ("start", id, 1), ("end", id, 1) }), trainer.Runs);
    }

    [Fact]
    public async Task TwoNodes_RacingOverManyJobs_RunEachOnce()
    {
        var artifacts = ("ArtifactDirectory", Folder["artifacts"]);
        using var other = new TestFolder();
        var (first, trainer) = await StartAsync("steps 2 0; finish", ("NodeId", "first"), ("Queues:cpu", "2"), artifacts);
        await using var second = await TestNode.StartAsync(Database, other, trainer.Path, ("NodeId", "second"), ("Queues:cpu", "2"), artifacts);

        var ids = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => (i % 2 == 0 ? first : second).SubmitAsync()));
        var jobs = new List<Core.Wire.JobView>();
        foreach (var id in ids) jobs.Add(await first.WaitForAsync(id, JobState.Succeeded));

        Assert.Equal(ids.Order(), trainer.Runs.Where(run => run.What == "start").Select(run => run.Job).Order());
        Assert.All(jobs, job => Assert.Equal(1, job.Attempt));
        Assert.Equal(["first", "second"], jobs.Select(job => job.Node).Distinct().Order());
        var nodes = await first.Queries.NodesAsync(CancellationToken.None);
        Assert.Equal(["first", "second"], nodes.Select(shown => shown.Id));
        Assert.All(nodes, shown => Assert.True(shown.Alive && shown.Slots["cpu"] == 2 && shown.Busy == 0));
    }

    [Fact]
    public async Task Slots_BoundWhatRunsAtATime()
    {
        var (node, trainer) = await StartAsync("wait_gate; finish", ("Queues:cpu", "2"));
        var ids = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => node.SubmitAsync()));

        await TestNode.UntilAsync(() => Task.FromResult(trainer.Runs.Count == 2), () => Task.FromResult($"{trainer.Runs.Count} trainers run"));
        await Task.Delay(1500); // longer than the queue idles
        var running = trainer.Runs.Count;
        trainer.OpenGate();
        foreach (var id in ids) await node.WaitForAsync(id, JobState.Succeeded);

        Assert.Equal(2, running);
    }

    [Fact]
    public async Task Job_OfAQueueThatNobodyServes_WaitsUntilANodeDoes()
    {
        var (node, trainer) = await StartAsync(ScriptedTrainer.Steps(1));
        var id = await node.SubmitAsync(TestNode.Spec(more: """, "queue": "gpu:h200" """));
        var other = await node.SubmitAsync();
        await node.WaitForAsync(other, JobState.Succeeded);
        Assert.Equal(JobState.Queued, (await node.JobAsync(id)).Status);

        using var folder = new TestFolder();
        await using var gpu = await TestNode.StartAsync(Database, folder, trainer.Path, ("NodeId", "gpu"), ("Queues:gpu:h200", "cuda:0"), ("ArtifactDirectory", Folder["artifacts"]));

        Assert.Equal("gpu", (await node.WaitForAsync(id, JobState.Succeeded)).Node);
    }
}
