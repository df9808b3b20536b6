using System.Text.Json;
using KdService.Api.Benchmarks;
using KdService.Core.Benchmarks;
using KdService.Core.Datasets;
using KdService.Core.Wire;

namespace KdService.Api.Tests;

/// <summary>Reports of benchmarks whose tasks are not judged by accuracy.</summary>
public sealed class ReportTests
{
    private static readonly BenchmarkRobustness Flips = new() { Name = "hotflip", Score = Spread.Of([0.7])!, Clean = Spread.Of([0.75]), SuccessRate = Spread.Of([0.07]), Change = Spread.Of([0.1]), Queries = Spread.Of([9]) };

    private static readonly BenchmarkRobustness Elsewhere = new() { Name = "on cola_ood", Metric = ScoreMetric.Matthews, Score = Spread.Of([0.05])! };

    [Fact]
    public void Report_OfMatthews_NamesWhatIsAccuracyAndWhatIsNot()
    {
        var markdown = MarkdownReport.Of(Benchmark(ScoreMetric.Matthews, Flips, Elsewhere));

        Assert.Contains("## Results\n", markdown, StringComparison.Ordinal);
        Assert.Contains("| row | n | last matthews | best matthews |", markdown, StringComparison.Ordinal);
        Assert.Contains("| row | clean (matthews) | hotflip (accuracy) | on cola_ood (matthews) |", markdown, StringComparison.Ordinal);
        Assert.Contains("| kd | 0.00 | 70.00 | 5.00 |", markdown, StringComparison.Ordinal);
        // Accuracy under attack beside that of the same samples as they are.
        Assert.Contains("| row | attack | clean accuracy | accuracy |", markdown, StringComparison.Ordinal);
        Assert.Contains("| kd | hotflip | 75.00 | 70.00 | 7.00 |", markdown, StringComparison.Ordinal);
        Assert.Contains("| kd | on cola\\_ood | matthews | 5.00 |", markdown, StringComparison.Ordinal);
        Assert.Contains("| resnet20 | t | succeeded | 1 |  | 30.00 |", markdown, StringComparison.Ordinal);
    }

    [Fact]
    public void Report_OfAccuracies_HasPlainTitles()
    {
        var markdown = MarkdownReport.Of(Benchmark(ScoreMetric.Accuracy, Flips));

        Assert.Contains("| row | n | last | best |", markdown, StringComparison.Ordinal);
        Assert.Contains("| row | clean | hotflip |", markdown, StringComparison.Ordinal);
    }

    [Fact]
    public void Report_OfAccuracies_NamesTheMetricsWhereOtherDataHaveAnother() =>
        Assert.Contains("| row | clean (accuracy) | hotflip (accuracy) | on cola_ood (matthews) |", MarkdownReport.Of(Benchmark(ScoreMetric.Accuracy, Flips, Elsewhere)), StringComparison.Ordinal);

    [Fact]
    public void Csv_AndHtml_SayTheSame()
    {
        var benchmark = Benchmark(ScoreMetric.Matthews, Flips);
        var lines = CsvReport.Of(benchmark).Split("\r\n");
        var row = lines[0].Split(',').Zip(lines[1].Split(',')).ToDictionary(cell => cell.First, cell => cell.Second);
        Assert.Equal(("matthews", "accuracy", "0.75"), (row["metric"], row["hotflip: metric"], row["hotflip: clean"]));

        var html = HtmlReport.Of(benchmark, []);
        Assert.Contains(">clean (matthews)</th>", html, StringComparison.Ordinal);
        Assert.Contains(">hotflip (accuracy)</th>", html, StringComparison.Ordinal);
        Assert.Contains("the best row by matthews: kd", html, StringComparison.Ordinal);
        Assert.Contains("aria-label=\"Test scores by row\"", html, StringComparison.Ordinal);
    }

    private static BenchmarkView Benchmark(ScoreMetric metric, params BenchmarkRobustness[] stood) => OpenApi.BenchmarkExamples.View with
    {
        Rows =
        [
            new BenchmarkRowView
            {
                Label = "kd",
                Method = "kd",
                Student = "resnet8",
                Options = new Dictionary<string, JsonElement>(),
                Jobs = new Dictionary<string, int> { ["succeeded"] = 1 },
                Metric = metric,
                Best = Spread.Of([0]),
                Robustness = stood,
                Parameters = 1,
                MultiplyAdds = 1,
            },
        ],
        Teachers = [new BenchmarkTeacherView { Job = "t", Model = "resnet20", Status = Core.Jobs.JobState.Succeeded, Students = 1, Metric = metric, Best = 0.3 }],
        Cells = [new BenchmarkCellView { Row = "kd", Seed = 1, Best = 0 }],
    };
}
