using System.Text;
using KdService.Core.Benchmarks;
using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Core.Wire;
using KdService.Jobs.Benchmarks;
using KdService.Jobs.Tests.Support;

namespace KdService.Jobs.Tests;

public class BenchmarkTests : JobsTest
{
    [Fact]
    public async Task Benchmark_RunsEveryCellAndTrainsTheTeacherOnce()
    {
        var (node, trainer) = await StartAsync(ScriptedTrainer.Steps(1, 0));

        var id = await SubmitAsync(node, Plan("""{"methods": ["none", "kd"], "seeds": [1, 2]}"""));
        var view = await WaitAsync(node, id, benchmark => benchmark.Status == BenchmarkState.Finished);

        Assert.Equal(new Dictionary<string, int> { ["succeeded"] = 4 }, view.Jobs);
        Assert.Equal([("none", 1L), ("kd", 1), ("none", 2), ("kd", 2)], view.Cells!.Select(cell => (cell.Row, cell.Seed)));
        var teacher = Assert.Single(view.Teachers!);
        Assert.Equal(("resnet20", 2, JobState.Succeeded), (teacher.Model, teacher.Students, teacher.Status));
        Assert.Equal(5, trainer.Runs.Count(run => run.What == "start"));
        Assert.NotNull(view.FinishedAt);
        var jobs = await node.Queries.ListAsync(new JobFilter { Labels = new Dictionary<string, string> { ["benchmark"] = id, ["row"] = "kd" } }, null, 10, CancellationToken.None);
        Assert.Equal(["kd, seed 2", "kd, seed 1"], jobs.Items.Select(job => job.Name));
    }

    [Fact]
    public async Task MaxRunning_BoundsTheJobsUnderWay_AndEachEndLetsTheNextIn()
    {
        var node = await StartApiAsync();
        var id = await SubmitAsync(node, Plan("""{"methods": ["none"], "seeds": [1, 2, 3, 4, 5]}""", ", \"max_running\": 2"));
        var view = await WaitAsync(node, id, benchmark => Count(benchmark, "planned") == 3);
        Assert.Equal([1L, 2], view.Cells!.Where(cell => cell.Job is not null).Select(cell => cell.Seed));

        // The driver hears of the end; the node's timer is an hour away.
        await node.Control.CancelAsync(view.Cells![0].Job!, CancellationToken.None);
        view = await WaitAsync(node, id, benchmark => Count(benchmark, "planned") == 2);

        Assert.Equal((1, 2), (Count(view, "cancelled"), Count(view, "queued")));
        Assert.Equal(BenchmarkState.Running, view.Status);
    }

    [Fact]
    public async Task Drivers_OfManyNodesAtOnce_SubmitEachCellOnceAndKeepTheBound()
    {
        var node = await StartApiAsync();
        var nodes = new[] { node, await StartApiAsync(), await StartApiAsync() };
        var bounded = await SubmitAsync(node, Plan("""{"methods": ["none"], "seeds": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}""", ", \"max_running\": 7"));
        var seeds = string.Join(", ", Enumerable.Range(0, 40));
        var whole = await SubmitAsync(node, Plan($$"""{"methods": ["none"], "seeds": [{{seeds}}]}"""));

        await Task.WhenAll(Enumerable.Range(0, 12).Select(turn => nodes[turn % 3].Get<BenchmarkDriver>().AdvanceAsync(CancellationToken.None)));

        Assert.Equal(7, Count(await node.Get<BenchmarkQueries>().GetAsync(bounded, CancellationToken.None), "queued"));
        Assert.Equal(40, Count(await node.Get<BenchmarkQueries>().GetAsync(whole, CancellationToken.None), "queued"));
        Assert.Equal(47L, await node.ScalarAsync<long>("select count(*) from jobs"));
    }

    [Fact]
    public async Task Driver_CutShort_LeavesNoJobWithoutItsCell()
    {
        var node = await StartApiAsync();
        // The note that a cell has its job fails once: what was inserted before it must go with it.
        await node.ExecuteAsync("""
            create function cut() returns trigger language plpgsql as
            $$ begin if new.number = 3 and not exists (select from pg_tables where tablename = 'mended') then raise 'cut short'; end if; return new; end $$;
            create trigger cut before update on benchmark_cells for each row execute function cut()
            """);
        var id = await SubmitAsync(node, Plan("""{"methods": ["none"], "seeds": [0, 1, 2, 3, 4, 5]}"""));
        await node.Get<BenchmarkDriver>().AdvanceAsync(CancellationToken.None);
        Assert.Equal(0L, await node.ScalarAsync<long>("select count(*) from jobs"));

        await node.ExecuteAsync("create table mended ()");
        var other = await StartApiAsync();
        var view = await WaitAsync(other, id, benchmark => Count(benchmark, "queued") == 6);

        Assert.Equal(6, view.Cells!.Select(cell => cell.Job).Distinct().Count());
        Assert.Equal(6L, await node.ScalarAsync<long>("select count(*) from jobs"));
    }

    [Fact]
    public async Task Cancel_EndsWhatIsUnderWayAndSubmitsNoMore()
    {
        var node = await StartApiAsync();
        var id = await SubmitAsync(node, Plan("""{"methods": ["none"], "seeds": [1, 2, 3]}""", ", \"max_running\": 1"));
        await WaitAsync(node, id, benchmark => Count(benchmark, "queued") == 1);

        var cancelled = await node.Get<BenchmarkControl>().CancelAsync(id, CancellationToken.None);
        await node.Get<BenchmarkDriver>().AdvanceAsync(CancellationToken.None);
        var again = await node.Get<BenchmarkControl>().CancelAsync(id, CancellationToken.None);

        Assert.Equal(BenchmarkState.Cancelled, cancelled.Status);
        Assert.Equal(new Dictionary<string, int> { ["planned"] = 2, ["cancelled"] = 1 }, again.Jobs);
        await Assert.ThrowsAsync<BenchmarkNotFoundException>(() => node.Get<BenchmarkControl>().CancelAsync("01jtqv8k3m5x7r9w2y4z6a8c0e", CancellationToken.None));
    }

    [Fact]
    public async Task Teacher_ThatFails_IsTriedOnceHoweverManyWavesNeedIt()
    {
        var (node, trainer) = await StartAsync("grep -q '\"architecture\": \"resnet20\"' run.json && fail diverged 'loss nan' 65; " + ScriptedTrainer.Steps(1, 0));
        var id = await SubmitAsync(node, Plan("""{"methods": ["kd", "none"], "seeds": [1, 2, 3]}""", ", \"max_running\": 1"));

        var view = await WaitAsync(node, id, benchmark => benchmark.Status == BenchmarkState.Finished);

        Assert.Equal(new Dictionary<string, int> { ["failed"] = 3, ["succeeded"] = 3 }, view.Jobs);
        var teacher = Assert.Single(view.Teachers!);
        Assert.Equal((3, JobState.Failed), (teacher.Students, teacher.Status));
        Assert.All(view.Cells!.Where(cell => cell.Row == "kd"), cell =>
        {
            Assert.Equal(FailureCode.DependencyFailed, cell.Failure!.Code);
            Assert.Contains(teacher.Job, cell.Failure.Message, StringComparison.Ordinal);
        });
        Assert.Single(trainer.Runs, run => run.What == "start" && run.Job == teacher.Job);

        // What a user retries has its teacher tried anew.
        trainer.Write(ScriptedTrainer.Steps(1, 0));
        await node.Control.RetryAsync(view.Cells![0].Job!, CancellationToken.None);
        await node.WaitForAsync(view.Cells[0].Job!, JobState.Succeeded);
    }

    [Theory]
    [InlineData(false, JobState.Cancelled)]
    [InlineData(true, JobState.Queued)]
    public async Task Cancel_EndsTeachersThatNoOtherJobWaitsFor(bool otherWaits, JobState teacher)
    {
        var node = await StartApiAsync();
        var id = await SubmitAsync(node, Plan("""{"methods": ["kd"], "seeds": [1, 2]}"""));
        var waiting = (await WaitAsync(node, id, benchmark => Count(benchmark, "waiting") == 2)).Cells![0].Job!;
        var other = otherWaits ? await node.SubmitAsync((await node.JobAsync(waiting)).Spec! with { Seed = 9 }) : null;

        var cancelled = await node.Get<BenchmarkControl>().CancelAsync(id, CancellationToken.None);

        Assert.Equal((BenchmarkState.Cancelled, teacher), (cancelled.Status, Assert.Single(cancelled.Teachers!).Status));
        if (other is not null) Assert.Equal(JobState.Waiting, (await node.JobAsync(other)).Status);
    }

    [Fact]
    public async Task FinishedJob_AsTheTeacher_TeachesEveryCell()
    {
        var (node, trainer) = await StartAsync($"[ -f teacher.safetensors ] && cat teacher.safetensors >> {Folder["received"]}; {ScriptedTrainer.Steps(1, 0)}");
        var teacher = await node.SubmitAsync();
        await node.WaitForAsync(teacher, JobState.Succeeded);

        var id = await SubmitAsync(node, Plan("""{"methods": ["none", "kd"], "seeds": [1, 2]}""", ", \"max_running\": 1", teacher: $$"""{"job": "{{teacher}}"}"""));
        var view = await WaitAsync(node, id, benchmark => benchmark.Status == BenchmarkState.Finished);

        Assert.Equal(new Dictionary<string, int> { ["succeeded"] = 4 }, view.Jobs);
        Assert.Equal((teacher, 2), (Assert.Single(view.Teachers!).Job, view.Teachers![0].Students));
        Assert.Equal(Enumerable.Repeat($"best of {teacher}", 2), await File.ReadAllLinesAsync(Folder["received"]));
        Assert.Equal(5, trainer.Runs.Count(run => run.What == "start"));
        await node.Get<BenchmarkControl>().CancelAsync(id, CancellationToken.None);
        Assert.Equal(JobState.Succeeded, (await node.JobAsync(teacher)).Status);
    }

    [Fact]
    public async Task SameKeyAndBenchmark_FromManyClientsAtOnce_IsOneBenchmark()
    {
        var node = await StartApiAsync();
        var plan = Plan("""{"methods": ["none"], "seeds": [1, 2]}""");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => node.Get<BenchmarkSubmission>().SubmitAsync(plan, "key", CancellationToken.None)));

        Assert.Single(answers.Select(answer => answer.Benchmark.Id).Distinct());
        Assert.Single(answers, answer => answer.Created);
        var refused = await Assert.ThrowsAsync<IdempotencyConflictException>(() => node.Get<BenchmarkSubmission>().SubmitAsync(Plan("""{"methods": ["none"], "seeds": [1]}"""), "key", CancellationToken.None));
        Assert.Equal(answers[0].Benchmark.Id, refused.Id);
    }

    [Fact]
    public async Task DataThatIsNotHere_IsNamedByItsPlaceInTheDocument()
    {
        var node = await StartApiAsync();
        var plan = Plan("""{"methods": ["none", "kd"], "options": {"/dataset": [{"name": "procedural"}, {"name": "cifar10"}]}}""", dataset: null);

        var refused = await Assert.ThrowsAsync<InvalidDocumentException>(() => node.Get<BenchmarkSubmission>().SubmitAsync(plan, null, CancellationToken.None));

        Assert.Equal("/matrix/options/~1dataset/1/name", Assert.Single(refused.Problems).Pointer);
    }

    [Fact]
    public async Task Validation_CountsJobsAndDistinctTeachers()
    {
        var node = await StartApiAsync();
        var view = await node.Get<BenchmarkSubmission>().ValidateAsync(
            Plan("""{"methods": ["none", "kd", "annealing_kd"], "seeds": [1, 2, 3], "options": {"/teacher/seed": [0, 1]}}"""), CancellationToken.None);

        Assert.Equal((15, 5), (view.Jobs, view.Rows.Count));
        Assert.Equal([(0L, 6), (1L, 6)], view.Teachers.Select(teacher => (teacher.Seed, teacher.Students)));
        Assert.Equal(view.Rows.Sum(row => 3 * row.Estimate.Seconds) + view.Teachers.Sum(teacher => teacher.Estimate.Seconds), view.Estimate.Seconds, 1e-6);
        Assert.Equal(0L, await node.ScalarAsync<long>("select count(*) from benchmarks"));
    }

    [Fact]
    public async Task List_Pages_MeetEveryBenchmarkOnceNewestFirst()
    {
        var node = await StartApiAsync();
        List<string> ids = [];
        for (var index = 0; index < 5; index++) ids.Add(await SubmitAsync(node, Plan("""{"methods": ["none"]}""", $$""", "labels": {"odd": "{{index % 2}}"} """)));
        var queries = node.Get<BenchmarkQueries>();

        var first = await queries.ListAsync(new Dictionary<string, string>(), null, 3, CancellationToken.None);
        var second = await queries.ListAsync(new Dictionary<string, string>(), first.Next, 3, CancellationToken.None);
        var odd = await queries.ListAsync(new Dictionary<string, string> { ["odd"] = "1" }, null, 3, CancellationToken.None);

        Assert.Equal(ids.AsEnumerable().Reverse(), first.Items.Concat(second.Items).Select(benchmark => benchmark.Id));
        Assert.Null(second.Next);
        Assert.Equal([ids[3], ids[1]], odd.Items.Select(benchmark => benchmark.Id));
        Assert.All(first.Items, benchmark => Assert.True(benchmark is { Rows: null, Cells: null, Spec: null, Jobs.Count: 1 }));
    }

    [Fact]
    public async Task Failure_IsShownBesideWhatSucceeded()
    {
        var (node, _) = await StartAsync(Reporting("0.5") + "; grep -q '\"seed\": 2' run.json && fail diverged 'loss nan' 65; report");
        var id = await SubmitAsync(node, Plan("""{"methods": ["none"], "seeds": [1, 2, 3]}"""));

        var view = await WaitAsync(node, id, benchmark => benchmark.Status == BenchmarkState.Finished);

        Assert.Equal(new Dictionary<string, int> { ["succeeded"] = 2, ["failed"] = 1 }, view.Rows![0].Jobs);
        Assert.Equal((2, 0.5), (view.Rows[0].Best!.N, view.Rows[0].Best!.Mean));
        Assert.Equal(FailureCode.Diverged, view.Cells!.Single(cell => cell.Seed == 2).Failure!.Code);
    }

    [Fact]
    public async Task Comparison_IsABootstrapWhereJobsLeftPredictionsAndATTestWhereOneDidNot()
    {
        // Of ten samples the student alone knows five, with its teacher eight.
        var (node, _) = await StartAsync(
            Reporting("0.5") + """
            ; if [ -f teacher.safetensors ]; then answers='[0,0,0,0,0,0,0,0,1,1]'; else answers='[0,0,0,0,0,1,1,1,1,1]'; fi
            echo '{"labels":[0,0,0,0,0,0,0,0,0,0],"best":'$answers',"last":'$answers'}' > predictions.json; artifact predictions.json
            report
            """);
        var id = await SubmitAsync(node, Plan("""{"methods": ["none", "kd"], "seeds": [1, 2]}"""));
        var row = (await WaitAsync(node, id, benchmark => benchmark.Status == BenchmarkState.Finished)).Rows!;

        Assert.Null(row[0].BestAgainstBaseline);
        Assert.Equal((ComparisonBasis.Bootstrap, 2, 0.3), (row[1].BestAgainstBaseline!.Basis, row[1].BestAgainstBaseline!.Pairs, Math.Round(row[1].BestAgainstBaseline!.Difference, 9)));
        Assert.True(row[1].LastAgainstBaseline is { Low: >= 0, High: <= 0.8 });

        await node.ExecuteAsync("delete from artifacts where name = 'predictions.json' and job_id = (select max(job_id) from benchmark_cells)");
        var other = await StartApiAsync();
        row = (await other.Get<BenchmarkQueries>().GetAsync(id, CancellationToken.None)).Rows!;
        Assert.Equal((ComparisonBasis.Seeds, 2, 0.0), (row[1].BestAgainstBaseline!.Basis, row[1].BestAgainstBaseline!.Pairs, row[1].BestAgainstBaseline!.Difference));
    }

    [Theory]
    // Of four pictures, three of class 1, the student alone finds one and its teacher has it say 1 to all: F1 of 1/2 and 6/7, hits of 2 and 3.
    [InlineData("f1", "predictions.json", "labels", "[1,1,1,0]", "[1,0,0,0]", "[1,1,1,1]", 6.0 / 7 - 0.5)]
    [InlineData("matthews", "predictions.json", "labels", "[1,1,0,0]", "[1,0,0,1]", "[1,1,0,0]", 1.0)]
    [InlineData("pearson", "predicted_values.json", "values", "[0.5,1,1.5,2.5]", "[2.5,1.5,1,0.5]", "[1,2,3,5]", 1.9428571428571428)]
    public async Task Comparison_OfWhatIsJudgedByAnotherMetric_IsOfThatAndNotOfHits(string metric, string file, string truth, string right, string alone, string taught, double difference)
    {
        var (node, _) = await StartAsync(
            Reporting($$"""0.5,"metric":"{{metric}}","metrics":{"{{metric}}":0.4}""") + $$"""
            ; if [ -f teacher.safetensors ]; then answers='{{taught}}'; else answers='{{alone}}'; fi
            echo '{"{{truth}}":{{right}},"best":'$answers',"last":'$answers'}' > {{file}}; artifact {{file}}
            report
            """);
        var id = await SubmitAsync(node, Plan("""{"methods": ["none", "kd"], "seeds": [1, 2]}"""));

        var row = (await WaitAsync(node, id, benchmark => benchmark.Status == BenchmarkState.Finished)).Rows![1];

        Assert.Equal(0.4, row.Best!.Mean);
        Assert.Equal((ComparisonBasis.Bootstrap, 2, Math.Round(difference, 9)), (row.BestAgainstBaseline!.Basis, row.BestAgainstBaseline.Pairs, Math.Round(row.BestAgainstBaseline.Difference, 9)));

        await node.ExecuteAsync($"delete from artifacts where name = '{file}'");
        row = (await (await StartApiAsync()).Get<BenchmarkQueries>().GetAsync(id, CancellationToken.None)).Rows![1];
        Assert.Equal((ComparisonBasis.Seeds, 2, 0.0), (row.BestAgainstBaseline!.Basis, row.BestAgainstBaseline.Pairs, row.BestAgainstBaseline.Difference));
    }

    [Fact]
    public async Task Curves_AreOfTheMetricThatTheStudentIsJudgedBy_WithoutOtherNetworks()
    {
        var (node, _) = await StartAsync(
            Reporting("""0.5,"metric":"f1","metrics":{"f1":0.4}""") + """
            ; measured() { say '{"type":"metrics","stage":"'$1'","epoch":1,"step":'$2',"values":{"selection/accuracy":0.9,"selection/f1":'$3'}}'; }
            measured assistant_1 1 0.7; measured labels 2 0.2; measured labels 3 0.3
            report
            """);
        var id = await SubmitAsync(node, Plan("""{"methods": ["none"], "seeds": [1, 2]}"""));
        await WaitAsync(node, id, benchmark => benchmark.Status == BenchmarkState.Finished);

        var curve = Assert.Single(await node.Get<BenchmarkQueries>().CurvesAsync(id, CancellationToken.None));

        Assert.Equal([new CurvePoint(2, 0.2), new CurvePoint(3, 0.3)], curve.Points);
    }

    /// <summary>Defines <c>report</c>, which finishes with a student of an accuracy.</summary>
    private static string Reporting(string accuracy)
    {
        var result = $$"""{"samples":10,"accuracy":{{accuracy}},"nll":1,"ece":0.1}""";
        var student = $$"""{"id":"student","role":"student","architecture":"resnet8","parameters":78042,"best_epoch":1,"last":{{result}},"best":{{result}} }""";
        return "report() { echo best > student.best.safetensors; artifact student.best.safetensors; "
            + $$$"""say '{"type":"finished","report":{"protocol":"holdout","models":[{{{student}}}],"teacher_signals":[],"steps":1,"seconds":2,"peak_memory_bytes":1,"environment":{"lib_torch":"none","device":"cpu","blas":"none","cpu_capability":"none","threads":1,"trainer":"scripted"} } }'; leave 0; }""";
    }

    private static int Count(BenchmarkView benchmark, string state) => benchmark.Jobs.GetValueOrDefault(state);

    private static async Task<string> SubmitAsync(TestNode node, BenchmarkPlan plan) =>
        (await node.Get<BenchmarkSubmission>().SubmitAsync(plan, null, CancellationToken.None)).Benchmark.Id;

    private static async Task<BenchmarkView> WaitAsync(TestNode node, string id, Func<BenchmarkView, bool> condition)
    {
        BenchmarkView? benchmark = null;
        await TestNode.UntilAsync(
            async () => condition(benchmark = await node.Get<BenchmarkQueries>().GetAsync(id, CancellationToken.None)),
            () => Task.FromResult(Json.Write(benchmark! with { Spec = null }, indented: true)));
        return benchmark!;
    }

    private static BenchmarkPlan Plan(string matrix, string more = "", string? dataset = """{"name": "procedural"}""", string teacher = """{"model": "resnet20"}""")
    {
        var data = dataset is null ? "" : $"\"dataset\": {dataset}, ";
        var problems = new ProblemList();
        var plan = BenchmarkExpansion.Read(Encoding.UTF8.GetBytes(
            $$"""{"name": "test", "base": { {{data}}"teacher": {{teacher}}, "student": {"model": "resnet8"} }, "matrix": {{matrix}}{{more}} }"""), problems);
        Assert.Empty(problems.Items);
        return plan!;
    }
}
