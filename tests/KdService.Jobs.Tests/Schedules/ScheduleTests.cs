using System.Text.Json.Nodes;
using KdService.Core.Benchmarks;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Schedules;
using KdService.Core.Schema;
using KdService.Core.Wire;
using KdService.Jobs.Benchmarks;
using KdService.Jobs.Schedules;
using KdService.Jobs.Tests.Support;

namespace KdService.Jobs.Tests.Schedules;

/// <summary>Schedules on the real database. None of them waits for a clock: runs are asked for, or the row is made due.</summary>
public class ScheduleTests : JobsTest
{
    private static readonly ScheduleSpec Yearly = CronTimesTests.Spec("0 3 1 1 *", "Europe/Berlin");

    [Fact]
    public async Task Schedule_IsCreatedWithItsTriggerAndSaysWhenItRuns()
    {
        var node = await StartApiAsync();

        var schedule = await CreateAsync(node, Yearly);

        Assert.Equal([schedule.Id], await node.Get<IFiringEngine>().ListAsync(CancellationToken.None));
        Assert.Equal((ScheduleQueries.TimesShown, CronForm.Crontab, "resnet8", null), (schedule.NextRuns.Count, schedule.CronForm, schedule.Job!.Student.Model, schedule.LastRun));
        Assert.All(schedule.NextRuns, time => Assert.Equal((1, 1, 3), (time.Local.Month, time.Local.Day, time.Local.Hour)));
        Assert.Equal(schedule.NextRuns[0].Utc, await NextRunAtAsync(node, schedule.Id));
        Assert.Equal(12, (await node.Get<ScheduleQueries>().TimesAsync(schedule.Id, 12, CancellationToken.None)).Count);
    }

    [Fact]
    public async Task Schedule_ThatCannotBeCarriedOut_IsRefusedWithPointersIntoIt()
    {
        var node = await StartApiAsync();
        var spec = Yearly with { Cron = "0 0 30 2 *", Job = Yearly.Job! with { Dataset = new Cifar10() } };

        var refused = await Assert.ThrowsAsync<InvalidDocumentException>(() => CreateAsync(node, spec));

        Assert.Equal(["/cron", "/job/dataset/name"], refused.Problems.Select(problem => problem.Pointer));
        Assert.Empty((await node.Get<ScheduleQueries>().ListAsync(null, 10, CancellationToken.None)).Items);
    }

    [Fact]
    public async Task SameKeyAndBody_FromManyClientsAtOnce_IsOneSchedule()
    {
        var node = await StartApiAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => node.Get<ScheduleControl>().CreateAsync(Yearly, "key", "digest", CancellationToken.None)));

        Assert.Single(answers.Select(answer => answer.Schedule.Id).Distinct());
        Assert.Single(answers, answer => answer.Created);
        var refused = await Assert.ThrowsAsync<IdempotencyConflictException>(() => node.Get<ScheduleControl>().CreateAsync(Yearly, "key", "other", CancellationToken.None));
        Assert.Contains($"schedule {answers[0].Schedule.Id}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Firing_OfACronLine_SubmitsItsJobOnOneOfTheNodes()
    {
        var (node, _) = await StartAsync(ScriptedTrainer.Steps(1));
        await StartNodeAsync(null, ("Roles:0", "api"), ("NodeId", "other"));
        var schedule = await CreateAsync(node, CronTimesTests.Spec("* * * * * ?", "UTC") with { Overlap = Overlap.Queue, VarySeed = true });

        await TestNode.UntilAsync(async () => (await RunsAsync(node, schedule.Id)).Count(run => run.Status == ScheduleRunStatus.Succeeded) >= 2, () => Task.FromResult("no two firings"));
        await node.Get<ScheduleControl>().ChangeAsync(schedule.Id, new ScheduleChange { Paused = true }, CancellationToken.None);

        var runs = (await RunsAsync(node, schedule.Id)).Reverse().ToList();
        Assert.Equal(Enumerable.Range(1, runs.Count), runs.Select(run => run.Number));
        Assert.Equal(runs.Count, runs.Select(run => run.ScheduledAt).Distinct().Count());
        Assert.All(runs, run => Assert.Equal((false, 0), (run.Manual, run.ScheduledAt.Millisecond)));
        foreach (var run in runs.Where(run => run.Status == ScheduleRunStatus.Succeeded))
        {
            var job = await node.JobAsync(run.Job!);
            Assert.Equal((schedule.Id, run.Number, (long?)run.Number), (job.Labels["schedule"], job.Spec!.Seed, run.Seed));
        }
    }

    [Fact]
    public async Task Firing_ThatEveryNodeIsWokenFor_IsOneRunAndOneJob()
    {
        var node = await StartApiAsync();
        var other = await StartNodeAsync(null, ("Roles:0", "api"), ("NodeId", "other"), ("ReconcileSeconds", "3600"));
        var schedule = await CreateAsync(node, Yearly with { Overlap = Overlap.Queue });
        for (var firing = 0; firing < 5; firing++)
        {
            var due = DateTimeOffset.UtcNow.AddSeconds(-1);
            await node.ExecuteAsync("update schedules set next_run_at = $1", due);
            await Task.WhenAll(Enumerable.Range(0, 8).Select(waker => (waker % 2 == 0 ? node : other).Get<ScheduleFiring>().FireAsync(schedule.Id, DateTimeOffset.UtcNow, CancellationToken.None)));
        }

        var runs = await RunsAsync(node, schedule.Id);
        Assert.Equal([5, 4, 3, 2, 1], runs.Select(run => run.Number));
        Assert.Equal(5, runs.Select(run => run.Job).Distinct().Count());
        Assert.Equal(5L, await node.ScalarAsync<long>("select count(*) from jobs"));
    }

    [Fact]
    public async Task Firings_ThatNobodyWasThereFor_BecomeOneRun()
    {
        var node = await StartApiAsync();
        var schedule = await CreateAsync(node, CronTimesTests.Spec("0 3 * * *", "UTC"));
        var missed = DateTimeOffset.UtcNow.Date.AddDays(-10).AddHours(3);
        await node.ExecuteAsync("update schedules set next_run_at = $1", new DateTimeOffset(missed, TimeSpan.Zero));

        await ReconcileAsync(node);
        await ReconcileAsync(node);

        var run = Assert.Single(await RunsAsync(node, schedule.Id));
        Assert.Equal(missed, run.ScheduledAt.UtcDateTime);
        Assert.True(await NextRunAtAsync(node, schedule.Id) > DateTimeOffset.UtcNow);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_WhoseNodeWasKilledInBetween_IsFinishedByAnotherAsOneJob(bool submitted)
    {
        var node = await StartApiAsync();
        var schedule = await CreateAsync(node, Yearly);
        await RunAsync(node, schedule.Id);
        // What a kill leaves behind: the run, with or without the job it was for.
        await node.ExecuteAsync("update schedule_runs set outcome = 'pending', job_id = null");
        if (!submitted) await node.ExecuteAsync("with gone as (delete from job_events) delete from jobs");

        await ReconcileAsync(node);

        var run = Assert.Single(await RunsAsync(node, schedule.Id));
        Assert.Equal(ScheduleRunStatus.Live, run.Status);
        Assert.Equal(run.Job, await node.ScalarAsync<string>("select id from jobs"));
        Assert.Equal(1L, await node.ScalarAsync<long>("select count(*) from jobs"));
    }

    [Fact]
    public async Task Trigger_ThatWasLost_IsRestoredAndAStrayOneRemoved()
    {
        var node = await StartApiAsync();
        var schedule = await CreateAsync(node, Yearly);
        var engine = node.Get<IFiringEngine>();
        await engine.UnscheduleAsync(schedule.Id, CancellationToken.None);
        await engine.ScheduleAsync("stray", Yearly, DateTimeOffset.UtcNow, CancellationToken.None);

        await ReconcileAsync(node);

        Assert.Equal([schedule.Id], await engine.ListAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Overlap_Skip_RecordsWhyNothingWasSubmitted()
    {
        var node = await StartApiAsync();
        var schedule = await CreateAsync(node, Yearly);

        var first = await RunAsync(node, schedule.Id);
        var second = await RunAsync(node, schedule.Id);
        await node.Control.CancelAsync(first.Job!, CancellationToken.None);
        var third = await RunAsync(node, schedule.Id);

        Assert.Equal((true, ScheduleRunStatus.Live, ScheduleRunStatus.Live), (first.Manual, first.Status, third.Status));
        Assert.Equal((ScheduleRunStatus.Skipped, null, $"run 1 has not ended: job {first.Job} is queued"), (second.Status, second.Job, second.Reason));
    }

    [Fact]
    public async Task Overlap_Queue_SubmitsBesideTheLiveOne()
    {
        var node = await StartApiAsync();
        var schedule = await CreateAsync(node, Yearly with { Overlap = Overlap.Queue });

        var runs = new[] { await RunAsync(node, schedule.Id), await RunAsync(node, schedule.Id) };

        Assert.All(runs, run => Assert.Equal(ScheduleRunStatus.Live, run.Status));
        foreach (var run in runs) Assert.Equal(JobState.Queued, (await node.JobAsync(run.Job!)).Status);
    }

    [Fact]
    public async Task Overlap_CancelPrevious_EndsTheRunningJobAndRunsTheNext()
    {
        var (node, trainer) = await StartAsync("wait_gate; " + ScriptedTrainer.Steps(1));
        var schedule = await CreateAsync(node, Yearly with { Overlap = Overlap.CancelPrevious });
        var first = await RunAsync(node, schedule.Id);
        await node.WaitForAsync(first.Job!, JobState.Running);

        var second = await RunAsync(node, schedule.Id);
        await node.WaitForAsync(first.Job!, JobState.Cancelled);
        trainer.OpenGate();
        await node.WaitForAsync(second.Job!, JobState.Succeeded);

        Assert.Equal([ScheduleRunStatus.Succeeded, ScheduleRunStatus.Cancelled], (await RunsAsync(node, schedule.Id)).Select(run => run.Status));
    }

    [Fact]
    public async Task Overlap_CancelPrevious_DoesNotSubmitARunThatANewerOneOvertook()
    {
        var node = await StartApiAsync();
        var schedule = await CreateAsync(node, Yearly with { Overlap = Overlap.CancelPrevious });
        await RunAsync(node, schedule.Id);
        await RunAsync(node, schedule.Id);
        await node.ExecuteAsync("update schedule_runs set outcome = 'pending', job_id = null where number = 1");

        await ReconcileAsync(node);

        var runs = await RunsAsync(node, schedule.Id);
        Assert.Equal([ScheduleRunStatus.Live, ScheduleRunStatus.Skipped], runs.Select(run => run.Status));
        Assert.Equal("run 2 came before it was submitted", runs[1].Reason);
    }

    [Fact]
    public async Task Run_WhoseSpecCannotBeCarriedOutAnyMore_IsRefusedAndSaysWhy()
    {
        var node = await StartApiAsync();
        var schedule = await CreateAsync(node, Yearly);
        await node.ExecuteAsync("""update schedules set spec = jsonb_set(spec, '{job,dataset}', '{"name": "cifar10"}')""");

        var run = await RunAsync(node, schedule.Id);

        Assert.Equal((ScheduleRunStatus.Refused, null), (run.Status, run.Job));
        Assert.StartsWith("dataset.name: cifar10 cannot be used here", run.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pause_TakesTheTriggerAwayAndResumeBringsItBackWithoutCatchingUp()
    {
        var node = await StartApiAsync();
        var (control, engine) = (node.Get<ScheduleControl>(), node.Get<IFiringEngine>());
        var schedule = await CreateAsync(node, Yearly);

        var paused = await control.ChangeAsync(schedule.Id, new ScheduleChange { Paused = true }, CancellationToken.None);
        Assert.Empty(await engine.ListAsync(CancellationToken.None));
        Assert.Empty(paused.NextRuns);
        await node.Get<ScheduleFiring>().FireAsync(schedule.Id, DateTimeOffset.UtcNow.AddYears(3), CancellationToken.None);
        Assert.Empty(await RunsAsync(node, schedule.Id));
        Assert.Equal(ScheduleRunStatus.Live, (await RunAsync(node, schedule.Id)).Status);

        var resumed = await control.ChangeAsync(schedule.Id, new ScheduleChange { Paused = false }, CancellationToken.None);
        Assert.Equal([schedule.Id], await engine.ListAsync(CancellationToken.None));
        Assert.Equal(schedule.NextRuns, resumed.NextRuns);
    }

    [Fact]
    public async Task Change_OfTheLine_MovesTheNextFiringAndOfAnythingElseDoesNot()
    {
        var node = await StartApiAsync();
        var control = node.Get<ScheduleControl>();
        var schedule = await CreateAsync(node, Yearly);
        var due = new DateTimeOffset(2999, 1, 1, 2, 0, 0, TimeSpan.Zero);
        await node.ExecuteAsync("update schedules set next_run_at = $1", due);

        await control.ChangeAsync(schedule.Id, new ScheduleChange { Name = "renamed", Overlap = Overlap.Queue }, CancellationToken.None);
        Assert.Equal(due, await NextRunAtAsync(node, schedule.Id));

        var changed = await control.ChangeAsync(schedule.Id, new ScheduleChange { TimeZone = "UTC" }, CancellationToken.None);
        Assert.Equal(("renamed", Overlap.Queue, 3), (changed.Name, changed.Overlap, changed.NextRuns[0].Utc.Hour));
        Assert.Equal(changed.NextRuns[0].Utc, await NextRunAtAsync(node, schedule.Id));

        var refused = await Assert.ThrowsAsync<InvalidDocumentException>(() => control.ChangeAsync(schedule.Id, new ScheduleChange { Cron = "0 0 31 2 *" }, CancellationToken.None));
        Assert.Equal("/cron", Assert.Single(refused.Problems).Pointer);
    }

    [Fact]
    public async Task Delete_TakesTheScheduleAndLeavesItsJobs()
    {
        var node = await StartApiAsync();
        var schedule = await CreateAsync(node, Yearly);
        var run = await RunAsync(node, schedule.Id);

        await node.Get<ScheduleControl>().DeleteAsync(schedule.Id, CancellationToken.None);

        Assert.Empty(await node.Get<IFiringEngine>().ListAsync(CancellationToken.None));
        Assert.Equal(JobState.Queued, (await node.JobAsync(run.Job!)).Status);
        await Assert.ThrowsAsync<ScheduleNotFoundException>(() => RunAsync(node, schedule.Id));
        await Assert.ThrowsAsync<ScheduleNotFoundException>(() => RunsAsync(node, schedule.Id));
        await Assert.ThrowsAsync<ScheduleNotFoundException>(() => node.Get<ScheduleControl>().DeleteAsync(schedule.Id, CancellationToken.None));
    }

    [Fact]
    public async Task Benchmark_IsSubmittedOncePerRunAndComparedRowByRow()
    {
        var (node, _) = await StartAsync(ScriptedTrainer.Steps(1));
        var schedule = await CreateAsync(node, Compared with { VarySeed = true, Overlap = Overlap.Queue });

        var runs = new List<ScheduleRunView> { await RunAsync(node, schedule.Id), await RunAsync(node, schedule.Id) };
        await TestNode.UntilAsync(async () => (runs = [.. await RunsAsync(node, schedule.Id)]).TrueForAll(run => run.Status == ScheduleRunStatus.Succeeded), () => Task.FromResult(Json.Write(runs)));

        Assert.Equal(["none", "smoothed"], runs[0].Numbers!.Where(number => number.Metric == Measure.Seconds).Select(number => number.Row));
        Assert.All(runs[0].Numbers!, number => Assert.Equal(0, number.Change));
        Assert.All(runs[1].Numbers!, number => Assert.Null(number.Change));
        var benchmark = await node.Get<BenchmarkQueries>().GetAsync(runs[0].Benchmark!, CancellationToken.None);
        Assert.Equal([5, 6], benchmark.Cells!.Select(cell => cell.Seed).Distinct().Order());
        Assert.Equal(8, (await node.Queries.ListAsync(new JobFilter { Labels = new Dictionary<string, string> { ["schedule"] = schedule.Id } }, null, 100, CancellationToken.None)).Items.Count);
    }

    [Fact]
    public async Task Benchmark_OfWhichAJobFailed_HasNoNumbersForThatRow()
    {
        var node = await StartApiAsync();
        var schedule = await CreateAsync(node, Compared with { Overlap = Overlap.Queue });
        var run = await RunAsync(node, schedule.Id);
        await TestNode.UntilAsync(async () => await node.ScalarAsync<long>("select count(*) from jobs") == 4, () => Task.FromResult("the benchmark's jobs are not submitted"));
        await node.ExecuteAsync("update jobs set state = 'succeeded', report = $1::text::jsonb, finished_at = now()", Report(0.8));
        await node.ExecuteAsync("update jobs set state = 'failed' where id = (select job_id from benchmark_cells where row_number = 1 limit 1)");

        run = Assert.Single(await RunsAsync(node, schedule.Id));

        Assert.Equal((ScheduleRunStatus.Succeeded, "1 of 4 jobs did not succeed"), (run.Status, run.Reason));
        Assert.NotNull(run.FinishedAt);
        Assert.Equal([("none", Measure.Best, 0.8), ("none", Measure.Last, 0.8), ("none", Measure.Seconds, 7)], run.Numbers!.Select(number => (number.Row!, number.Metric, number.Value)));
    }

    [Fact]
    public async Task Benchmark_ThatHasNotEnded_IsAnOverlap()
    {
        var node = await StartApiAsync();
        var schedule = await CreateAsync(node, Compared);
        var first = await RunAsync(node, schedule.Id);

        var second = await RunAsync(node, schedule.Id);
        await node.Get<ScheduleControl>().ChangeAsync(schedule.Id, new ScheduleChange { Overlap = Overlap.CancelPrevious }, CancellationToken.None);
        var third = await RunAsync(node, schedule.Id);

        Assert.Equal((ScheduleRunStatus.Skipped, $"run 1 has not ended: 4 of the 4 jobs of benchmark {first.Benchmark} have not"), (second.Status, second.Reason));
        Assert.Equal([ScheduleRunStatus.Live, ScheduleRunStatus.Skipped, ScheduleRunStatus.Cancelled], (await RunsAsync(node, schedule.Id)).Select(run => run.Status));
        Assert.NotEqual(first.Benchmark, third.Benchmark);
    }

    [Fact]
    public async Task Benchmark_ThatCannotBeCarriedOut_IsRefusedWithPointersIntoIt()
    {
        var node = await StartApiAsync();
        var spec = Compared.Benchmark!;
        spec.Base["dataset"] = new JsonObject { ["name"] = "cifar10" };

        var refused = await Assert.ThrowsAsync<InvalidDocumentException>(() => CreateAsync(node, Compared with { Benchmark = spec }));

        Assert.Equal("/benchmark/base/dataset/name", Assert.Single(refused.Problems).Pointer);
    }

    [Fact]
    public async Task Runs_InPages_AreComparedWithThoseBeforeThem()
    {
        var node = await StartApiAsync();
        var schedule = await CreateAsync(node, Yearly with { Overlap = Overlap.Queue });
        // Runs 1 to 6: the third fails, the last is far off.
        double[] accuracies = [0.80, 0.82, 0, 0.81, 0.80, 0.50];
        foreach (var accuracy in accuracies)
        {
            var run = await RunAsync(node, schedule.Id);
            await node.ExecuteAsync("update jobs set state = $2, report = $3::text::jsonb where id = $1", run.Job!, accuracy > 0 ? "succeeded" : "failed", Report(accuracy));
        }

        var first = await node.Get<ScheduleQueries>().RunsAsync(schedule.Id, null, 2, CancellationToken.None);
        var rest = await node.Get<ScheduleQueries>().RunsAsync(schedule.Id, first.Next, 100, CancellationToken.None);

        Assert.Equal([6, 5], first.Items.Select(run => run.Number));
        Assert.Equal([4, 3, 2, 1], rest.Items.Select(run => run.Number));
        Assert.Null(rest.Next);
        var best = first.Items.Concat(rest.Items).Select(run => run.Numbers?[0]).ToList();
        Assert.Equal(["best_accuracy", "last_accuracy", "seconds"], first.Items[0].Numbers!.Select(number => number.Metric));
        Assert.Equal([-0.30, -0.01, -0.01, null, 0.02, null], best.Select(number => number?.Change is { } change ? Math.Round(change, 9) : (double?)null));
        Assert.Equal([4, 3, 0, null, 0, 0], best.Select(number => number is null ? null : number.Interval?.Runs ?? (int?)0));
        Assert.Equal([true, false, false, false, false, false], best.Select(number => number?.Outside == true));
        Assert.Equal(ScheduleRunStatus.Failed, rest.Items[1].Status);
    }

    /// <summary>A schedule of a benchmark with two rows and two seeds.</summary>
    private static ScheduleSpec Compared => new()
    {
        Name = "test",
        Cron = Yearly.Cron,
        Benchmark = new BenchmarkSpec
        {
            Name = "compared",
            Base = JsonNode.Parse("""{"dataset": {"name": "procedural"}, "student": {"model": "resnet8"}}""")!.AsObject(),
            Matrix = new MatrixSpec { Methods = ["none", JsonNode.Parse("""{"name": "none", "label": "smoothed"}""")!], Seeds = [1, 2] },
        },
    };

    private static string Report(double accuracy) => $$"""
        {"protocol": "holdout", "teacher_signals": [], "steps": 1, "seconds": 7, "peak_memory_bytes": 1,
         "models": [{"id": "student", "role": "student", "architecture": "resnet8", "parameters": 1,
                     "best": {"samples": 1, "accuracy": {{accuracy}}, "nll": 1, "ece": 0}, "last": {"samples": 1, "accuracy": {{accuracy}}, "nll": 1, "ece": 0} }],
         "environment": {"lib_torch": "none", "device": "cpu", "blas": "none", "cpu_capability": "none", "threads": 1, "trainer": "none"} }
        """;

    private static async Task<ScheduleView> CreateAsync(TestNode node, ScheduleSpec spec) =>
        (await node.Get<ScheduleControl>().CreateAsync(spec, null, "digest", CancellationToken.None)).Schedule;

    private static Task<ScheduleRunView> RunAsync(TestNode node, string id) => node.Get<ScheduleControl>().RunAsync(id, CancellationToken.None);

    private static async Task<IReadOnlyList<ScheduleRunView>> RunsAsync(TestNode node, string id) =>
        (await node.Get<ScheduleQueries>().RunsAsync(id, null, 100, CancellationToken.None)).Items;

    private static async Task<DateTimeOffset> NextRunAtAsync(TestNode node, string id) =>
        new(await node.ScalarAsync<DateTime>("select next_run_at from schedules where id = $1", id), TimeSpan.Zero);

    /// <summary>Reconciles, after the node's own timer has let go.</summary>
    private static Task ReconcileAsync(TestNode node) => TestNode.UntilAsync(
        () => node.Get<ScheduleReconciler>().ReconcileAsync(CancellationToken.None), () => Task.FromResult("another reconciler holds its lock"));
}
