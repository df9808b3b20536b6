using System.Text.Json;
using KdService.Core.Benchmarks;
using KdService.Core.Jobs;
using KdService.Core.Plans;
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
        Assert.True(table[1] is { Last: null, Best: null, WallSeconds: null, Pareto: null, Latency: [] });
        Assert.Equal(new Dictionary<string, int> { ["planned"] = 1, ["running"] = 1 }, table[1].Jobs);
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
