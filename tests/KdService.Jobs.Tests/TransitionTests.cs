using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Jobs.Lifecycle;
using KdService.Jobs.Persistence;
using KdService.Jobs.Queue;
using KdService.Jobs.Tests.Support;
using KdService.Jobs.Worker;

namespace KdService.Jobs.Tests;

public class TransitionTests : JobsTest
{
    [Fact]
    public async Task Cancel_ThatLosesADeadlockInTheQueue_IsDoneAgain()
    {
        var node = await StartApiAsync();
        var id = await node.SubmitAsync();
        // What PostgreSQL tells the loser, once: sequences go on when a transaction is rolled back.
        await node.ExecuteAsync("""
            create sequence deletions;
            create function lose_once() returns trigger language plpgsql as $$
            begin
                if nextval('deletions') = 1 then raise exception 'deadlock detected' using errcode = '40P01'; end if;
                return old;
            end $$;
            create trigger lose_once before delete on qrtz_triggers for each row execute function lose_once()
            """);

        await node.Control.CancelAsync(id, CancellationToken.None);

        Assert.Equal("cancelled", await node.ScalarAsync<string>("select state from jobs where id = $1", id));
        Assert.Equal(2L, await node.ScalarAsync<long>("select last_value from deletions"));
    }

    [Fact]
    public async Task EveryPairOfStateAndTrigger_ThroughTheDatabase_FollowsTheTable()
    {
        var node = await StartApiAsync();
        var id = await node.SubmitAsync();

        foreach (var from in Enum.GetValues<JobState>())
        {
            foreach (var trigger in Enum.GetValues<JobTrigger>())
            {
                await node.ExecuteAsync("delete from qrtz_simple_triggers; delete from qrtz_triggers; delete from qrtz_job_details");
                await node.ExecuteAsync("update jobs set state = $2, attempt = 3, attempt_limit = 5, lease_holder = 'w', lease_until = case when $3 then now() end where id = $1",
                    id, Words.Of(from), from.HoldsSlot());
                var before = await node.ScalarAsync<long>("select last_event from jobs where id = $1", id);

                var to = await ApplyAsync(node, id, trigger, new Change { Failure = Failures.Of(FailureCode.Diverged, "because"), Lease = new("n", "w", TimeSpan.FromMinutes(1)) });

                var expected = JobTransitions.Next(from, trigger);
                Assert.True(expected == to, $"{from} + {trigger} gave {to}, not {expected}");
                var job = await node.JobAsync(id);
                Assert.Equal(expected ?? from, job.Status);
                Assert.Equal(before + (expected is null ? 0 : 1), await node.ScalarAsync<long>("select last_event from jobs where id = $1", id));
                if (expected is null) continue;
                Assert.Equal(expected == JobState.Failed, job.Failure is not null);
                Assert.Equal(expected.Value.IsTerminal(), job.FinishedAt is not null);
                Assert.Equal(expected.Value.HoldsSlot(), await node.ScalarAsync<bool>("select lease_until is not null from jobs where id = $1", id));
                var linedUp = (await node.Get<IJobEngine>().ListAsync(CancellationToken.None)).Any(name => name.JobId == id);
                if (trigger != JobTrigger.Start) Assert.Equal(expected == JobState.Queued, linedUp);
            }
        }
    }

    [Fact]
    public async Task OfManyWritersAtOnce_OneMovesTheJob()
    {
        var node = await StartApiAsync();
        var id = await node.SubmitAsync();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ =>
            ApplyAsync(node, id, JobTrigger.Start, new Change { Attempt = 0, Lease = new("n", "w", TimeSpan.FromMinutes(1)) })));

        Assert.Single(outcomes, outcome => outcome is not null);
        Assert.Equal(1, (await node.JobAsync(id)).Attempt);
    }

    [Fact]
    public async Task Writes_OfAStaleAttempt_ChangeNothing()
    {
        var node = await StartNodeAsync(null, ("Queues:other", "1"));
        var id = await node.SubmitAsync();
        var attempts = node.Get<AttemptStore>();
        var name = new AttemptName(id, 1);
        Assert.NotNull(await attempts.OpenAsync(name, "cpu", CancellationToken.None));
        Assert.NotNull(await attempts.RenewAsync(name, 1, CancellationToken.None));

        // Another worker has taken over with the same attempt number, then with the next.
        await node.ExecuteAsync("update jobs set lease_holder = 'another' where id = $1", id);
        await AssertRefusedAsync();
        await node.ExecuteAsync("update jobs set lease_holder = $2, attempt = 2 where id = $1", id, node.Get<WorkerIdentity>().Holder);
        await AssertRefusedAsync();
        Assert.Null(await attempts.CloseAsync(name, JobTrigger.Succeed, new Change(), CancellationToken.None));
        Assert.Null(await attempts.OpenAsync(name, "cpu", CancellationToken.None));

        Assert.Equal(JobState.Running, (await node.JobAsync(id)).Status);
        Assert.Empty(await node.Queries.MetricsAsync(id, null, 0, CancellationToken.None));

        async Task AssertRefusedAsync()
        {
            Assert.Null(await attempts.RenewAsync(name, 2, CancellationToken.None));
            var batch = new EventBatch();
            batch.Add(new MetricsMeasured { Stage = "labels", Epoch = 1, Step = 1, Values = new() { ["train/loss"] = 1 } });
            await Assert.ThrowsAsync<LeaseLostException>(() => attempts.AppendAsync(name, batch, CancellationToken.None));
        }
    }

    [Fact]
    public async Task Control_InTheWrongState_SaysWhatIsAllowed()
    {
        var node = await StartApiAsync();
        var id = await node.SubmitAsync();

        var refused = await Assert.ThrowsAsync<InvalidTransitionException>(() => node.Control.ResumeAsync(id, CancellationToken.None));
        await Assert.ThrowsAsync<JobNotFoundException>(() => node.Control.CancelAsync("01arz3ndektsv4rrffq69g5fav", CancellationToken.None));

        Assert.Equal((JobState.Queued, JobTrigger.Resume), (refused.State, refused.Trigger));
        Assert.Equal([JobState.Paused], refused.Allowed);
    }

    [Fact]
    public async Task QueuedJob_Paused_LeavesTheLineAndResumesIntoIt()
    {
        var node = await StartApiAsync();
        var id = await node.SubmitAsync();

        Assert.Equal(JobState.Paused, (await node.Control.PauseAsync(id, CancellationToken.None)).Status);
        Assert.Empty(await node.Get<IJobEngine>().ListAsync(CancellationToken.None));
        Assert.Equal(JobState.Queued, (await node.Control.ResumeAsync(id, CancellationToken.None)).Status);
        Assert.Single(await node.Get<IJobEngine>().ListAsync(CancellationToken.None));
        Assert.Equal(JobState.Cancelled, (await node.Control.CancelAsync(id, CancellationToken.None)).Status);
        Assert.Empty(await node.Get<IJobEngine>().ListAsync(CancellationToken.None));
        Assert.Equal(JobState.Queued, (await node.Control.RetryAsync(id, CancellationToken.None)).Status);
        Assert.Single(await node.Get<IJobEngine>().ListAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Followers_SeeEveryEventOnceAndInOrderUntilTheEnd()
    {
        var (node, trainer) = await StartAsync("steps 6 0.01; wait_gate; steps 12 0.01; finish");
        var id = await node.SubmitAsync();
        await node.WaitForAsync(id, job => job.Progress?.Step == 6, "step 6");

        var following = ReadAsync(0);
        trainer.OpenGate();
        var seen = await following;
        var later = await ReadAsync(seen[^3].Id);

        var stored = seen.Where(happened => happened.Type != "progress").Select(happened => happened.Id).ToList();
        Assert.Equal(Enumerable.Range(1, stored.Count).Select(number => (long)number), stored);
        Assert.Equal("succeeded", seen[^1].Data.GetProperty("to").GetString());
        Assert.Contains(seen, happened => happened.Type == "progress" && happened.Data.GetProperty("steps").GetInt64() == 100);
        Assert.Equal(seen.Where(happened => happened.Id > seen[^3].Id && happened.Type != "progress").Select(happened => happened.Id),
            later.Where(happened => happened.Type != "progress").Select(happened => happened.Id));

        async Task<List<Core.Wire.EventView>> ReadAsync(long after)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            List<Core.Wire.EventView> events = [];
            await foreach (var happened in node.Queries.FollowAsync(id, after, patience.Token)) events.Add(happened);
            return events;
        }
    }

    private static Task<JobState?> ApplyAsync(TestNode node, string id, JobTrigger trigger, Change change) => node.Get<JobTransactions>()
        .RunAsync(connection => node.Get<JobLifecycle>().ApplyAsync(connection, id, trigger, change, CancellationToken.None), CancellationToken.None);
}
