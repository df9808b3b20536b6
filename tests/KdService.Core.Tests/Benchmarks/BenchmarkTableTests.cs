using System.Text.Json;
using KdService.Core.Benchmarks;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Plans.Robustness;
using KdService.Core.Runs;

namespace KdService.Core.Tests.Benchmarks;

public class BenchmarkTableTests
{
    private static readonly IReadOnlyDictionary<string, JsonElement> NoOptions = new Dictionary<string, JsonElement>();

    [Fact]
    public void Rows_AverageWhatHasSucceededAndCountTheRest()
    {
        BenchmarkRowKey[] rows = [new("none", "none", "resnet8", NoOptions, 78_042, 12_000_000), new("kd", "kd", "resnet8", NoOptions, 78_042, 12_000_000)];

        var table = BenchmarkTable.Of(rows,
        [
            Done("none", 1, 0.50, 0.52, latency: 2), Done("none", 2, 0.54, 0.54, latency: 4), new("none", 3, "c", JobState.Failed, 3, null),
            new("kd", 1, "d", JobState.Running, null, null), new("kd", 2, null, null, null, null),
        ]);

        Assert.Equal((2, 0.52, 0.53), (table[0].Last!.N, Math.Round(table[0].Last!.Mean, 9), Math.Round(table[0].Best!.Mean, 9)));
        Assert.Equal(new Dictionary<string, int> { ["succeeded"] = 2, ["failed"] = 1 }, table[0].Jobs);
        Assert.Equal(new BenchmarkLatencyValues(1, 2, 3), new BenchmarkLatencyValues(table[0].Latency[0].Batch, table[0].Latency[0].N, table[0].Latency[0].P50));
        Assert.True(table[0].Pareto!.Parameters);
        Assert.Equal((ScoreMetric.Accuracy, null), (table[0].Metric, table[1].Metric));
        Assert.True(table[1] is { Last: null, Best: null, WallSeconds: null, Pareto: null, Latency: [] });
        Assert.Equal(new Dictionary<string, int> { ["planned"] = 1, ["running"] = 1 }, table[1].Jobs);
    }

    [Fact]
    public void Rows_AverageWhatNetworksStand()
    {
        var table = BenchmarkTable.Of([new("kd", "kd", "resnet8", NoOptions, 1, 1)], [Stood(1, 0.2, 0.6), Stood(2, 0.4, 0.5), Done("kd", 3, 0.5, 0.5, 1)]);

        Assert.Equal(["fgsm 8/255", "corruptions", "on cr"], table[0].Robustness.Select(stood => stood.Name));
        var (attack, corrupted, elsewhere) = (table[0].Robustness[0], table[0].Robustness[1], table[0].Robustness[2]);
        Assert.Equal((2, 0.3, 0.5), (attack.Score.N, Math.Round(attack.Score.Mean, 9), attack.SuccessRate!.Mean));
        Assert.Equal(["constant"], attack.Warnings);
        // Scores on what was changed have beside them what they are to be compared with.
        Assert.Equal((0.5, 0.8, null), (attack.Clean!.Mean, corrupted.Clean!.Mean, elsewhere.Clean));
        Assert.Equal((ScoreMetric.Accuracy, ScoreMetric.Accuracy, ScoreMetric.F1), (attack.Metric, corrupted.Metric, elsewhere.Metric));
        Assert.Equal((0.7, 0.2), (corrupted.Score.Mean, corrupted.Ece!.Mean));
        Assert.Equal((0.55, 0.9), (Math.Round(elsewhere.Score.Mean, 9), elsewhere.Agreement!.Mean));

        BenchmarkOutcome Stood(long seed, double attacked, double elsewhere)
        {
            var done = Done("kd", seed, 0.5, 0.5, 1);
            var robustness = new RobustnessReport
            {
                Attacks =
                [
                    new AttackReport { Label = "fgsm 8/255", Attack = new Fgsm(), Samples = 10, Attacked = 5, Clean = 0.5, Accuracy = attacked, SuccessRate = 0.5, Queries = 3, MeanChange = 0.03, MaxChange = 0.03, Warnings = ["constant"] },
                ],
                Corruptions = new CorruptionsReport { Samples = 10, Clean = 0.8, Accuracy = 0.7, Ece = 0.2, Each = [] },
                AlsoOn = [new OtherDataReport { Dataset = "cr", Result = new EvaluationResult { Samples = 10, Metric = ScoreMetric.F1, Metrics = new Dictionary<string, double> { ["f1"] = elsewhere }, Agreement = 0.9 } }],
            };
            return done with { Report = done.Report! with { Models = [done.Report.Models[0] with { Robustness = robustness }] } };
        }
    }

    [Fact]
    public void Baseline_IsTheMethodWithTheSameStudentAndOptions()
    {
        BenchmarkRowKey[] rows =
        [
            Row("none, resnet8, epochs=5", "none", "resnet8", 5), Row("none, resnet14, epochs=5", "none", "resnet14", 5), Row("none, resnet14, epochs=10", "none", "resnet14", 10),
            Row("kd, resnet14, epochs=10", "kd", "resnet14", 10), Row("kd, resnet20, epochs=10", "kd", "resnet20", 10),
        ];

        Assert.Equal(rows[2], BenchmarkTable.BaselineOf(rows[3], rows, "none"));
        Assert.Null(BenchmarkTable.BaselineOf(rows[0], rows, "none"));
        // There is none of that student.
        Assert.Null(BenchmarkTable.BaselineOf(rows[4], rows, "none"));
        Assert.Equal(rows[0], BenchmarkTable.BaselineOf(rows[4], rows, "none, resnet8, epochs=5"));
    }

    private static BenchmarkRowKey Row(string label, string method, string student, int epochs) =>
        new(label, method, student, new Dictionary<string, JsonElement> { ["/training/epochs"] = JsonSerializer.SerializeToElement(epochs) }, 1, 1);

    private static BenchmarkOutcome Done(string row, long seed, double last, double best, double latency)
    {
        EvaluationResult Result(double accuracy) => new() { Samples = 100, Accuracy = accuracy, Nll = 1, Ece = 0.1 };
        var student = new ModelReport
        {
            Id = "student",
            Role = ModelRole.Student,
            Architecture = "resnet8",
            Parameters = 78_042,
            Last = Result(last),
            Best = Result(best),
            Latency = [new LatencyReport(1, 100, latency, latency, latency)],
        };
        var environment = new TrainerEnvironment { LibTorch = "none", Device = "cpu", Blas = "none", CpuCapability = "none", Threads = 1, Trainer = "none" };
        return new(row, seed, $"{row}{seed}", JobState.Succeeded, 12,
            new RunReport { Protocol = Protocol.Holdout, Models = [student], TeacherSignals = [], Environment = environment, Steps = 1, Seconds = 10, PeakMemoryBytes = 1 });
    }

    private sealed record BenchmarkLatencyValues(int Batch, int N, double P50);
}
