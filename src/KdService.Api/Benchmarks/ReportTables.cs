using System.Globalization;
using KdService.Core.Benchmarks;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Wire;

namespace KdService.Api.Benchmarks;

/// <summary>A table of a report, as text.</summary>
/// <param name="Title">What it is about.</param>
/// <param name="Note">How to read it.</param>
/// <param name="Columns">Their titles, and whether they hold numbers.</param>
/// <param name="Rows">The cells of each row; empty where there is nothing to say.</param>
internal sealed record ReportTable(string Title, string Note, IReadOnlyList<(string Title, bool Number)> Columns, IReadOnlyList<IReadOnlyList<string>> Rows);

/// <summary>The tables that the reports for people have in common.</summary>
internal static class ReportTables
{
    /// <summary>The title of the table of scores.</summary>
    public const string Results = "Results";

    /// <summary>Every table, the most telling first; those without rows are left out.</summary>
    public static IReadOnlyList<ReportTable> Of(BenchmarkView benchmark) =>
        [.. new[] { Scores(benchmark), Quality(benchmark), Robustness(benchmark), Attacks(benchmark), Elsewhere(benchmark), Cost(benchmark), Teachers(benchmark), Jobs(benchmark) }.Where(table => table.Rows.Count > 0)];

    /// <summary>A line under the title: how far the benchmark is.</summary>
    public static string Progress(BenchmarkView benchmark) =>
        $"{Word(benchmark.Status)}: {string.Join(", ", benchmark.Jobs.Select(state => $"{state.Value} {state.Key}"))}";

    /// <summary>On which samples the best epochs were chosen, in a sentence.</summary>
    public static string ProtocolNote(BenchmarkView benchmark) => benchmark.Protocol switch
    {
        Protocol.Holdout => "Protocol holdout: the best epoch was chosen on training samples kept aside; test data was read once, at the end.",
        Protocol.Paper => "Protocol paper: the best epoch was chosen on test data, as the papers' scripts do, so that its accuracy is optimistic; the last epoch's is not.",
        _ => "No result yet, or jobs of several protocols: see each job's spec for how its best epoch was chosen.",
    };

    /// <summary><c>61.23 ± 0.41</c> for a spread of fractions in per cent; without the deviation where there is one value.</summary>
    public static string Percent(Spread? spread) => Text(spread, 100, "0.00");

    /// <summary>Mean and deviation.</summary>
    public static string Text(Spread? spread, double factor, string format) => spread is null ? "" : spread.Deviation is { } deviation
        ? $"{Number(factor * spread.Mean, format)} ± {Number(factor * deviation, format)}"
        : Number(factor * spread.Mean, format);

    private static ReportTable Scores(BenchmarkView benchmark) => new(
        Results,
        $"Test accuracy in per cent, or what else the task is judged by: mean ± sample deviation over seeds, and the mean's 95 % interval (Student's t). Against {benchmark.Baseline}: difference of the best epochs in points, "
            + "its 95 % interval and p-value, paired by seed; from a bootstrap over seeds and test samples, or, marked t, from a paired t-test over seeds.",
        [("row", false), ("n", true), ($"last{benchmark.Judged}", true), ($"best{benchmark.Judged}", true), ("95 % interval", true), ("difference", true), ("its interval", true), ("p", true)],
        [
            .. benchmark.Rows!.Select(IReadOnlyList<string> (row) =>
            [
                row.Label,
                Count(row),
                Percent(row.Last),
                Percent(row.Best),
                Interval(row.Best?.Low, row.Best?.High),
                row.BestAgainstBaseline is { } against ? Signed(against.Difference) : "",
                Interval(row.BestAgainstBaseline?.Low, row.BestAgainstBaseline?.High),
                Probability(row.BestAgainstBaseline),
            ]),
        ]);

    private static ReportTable Quality(BenchmarkView benchmark) => new(
        "Fidelity and calibration",
        "Of the best epoch's weights on test data: agreement with the teacher's top class in per cent, negative log likelihood in nats, expected calibration error in per cent.",
        [("row", false), ("agreement", true), ("NLL", true), ("ECE", true)],
        [.. benchmark.Rows!.Select(IReadOnlyList<string> (row) => [row.Label, Percent(row.Agreement), Text(row.Nll, 1, "0.000"), Percent(row.Ece)])]);

    private static ReportTable Robustness(BenchmarkView benchmark)
    {
        var names = RobustnessNames(benchmark);
        var all = benchmark.Rows!.SelectMany(row => row.Robustness).ToLookup(stood => stood.Name, stood => stood.Metric);
        // Where one column is no accuracy, every column says what it is: they are not to be compared.
        var mixed = benchmark.Judged.Length > 0 || EvaluationResult.Judged(all.SelectMany(metrics => metrics)).Length > 0;
        return new(
            "Robustness",
            "Of the best epoch's weights, in per cent: accuracy, or what else the task is judged by, on test data as they are; accuracy under each attack, on corrupted pictures (mean over corruptions and severities), and on other data "
                + "(the metric that they are judged by). Where not all are accuracies the titles say what each is; accuracy under attack is to be compared with the clean accuracy in the table of attacks. An exclamation mark: the numbers of some job may say nothing, for the reason that its report gives.",
            [("row", false), (Named("clean", benchmark.Rows!.Select(row => row.Metric).OfType<ScoreMetric>()), true), .. names.Select(name => (Named(name, all[name]), true))],
            [
                .. benchmark.Rows!.Where(row => row.Robustness.Count > 0).Select(IReadOnlyList<string> (row) =>
                    [row.Label, Percent(row.Best), .. names.Select(name => row.Robustness.FirstOrDefault(stood => stood.Name == name) is { } stood ? Percent(stood.Score) + Doubt(stood) : "")]),
            ]);

        string Named(string title, IEnumerable<ScoreMetric> metrics) => mixed ? $"{title} ({EvaluationResult.NamesOf(metrics)})" : title;
    }

    private static ReportTable Attacks(BenchmarkView benchmark) => new(
        "Attacks",
        "Accuracy on the samples looked at as they are and under attack, whatever the task is judged by, and the part of the attacked samples that the network came to err about, in per cent; mean change of the attacked samples in per cent (of the range of a picture's "
            + "values, or of a text's words); mean queries spent on one.",
        [("row", false), ("attack", false), ("clean accuracy", true), ("accuracy", true), ("success", true), ("change", true), ("queries", true)],
        [
            .. from row in benchmark.Rows!
               from stood in row.Robustness
               where stood.SuccessRate is not null
               select (IReadOnlyList<string>)[row.Label, stood.Name + Doubt(stood), Percent(stood.Clean), Percent(stood.Score), Percent(stood.SuccessRate), Percent(stood.Change), Text(stood.Queries, 1, "0.0")],
        ]);

    private static ReportTable Elsewhere(BenchmarkView benchmark) => new(
        "Corrupted and other data",
        "Score by the metric named, agreement with the teacher's top class and expected calibration error, in per cent.",
        [("row", false), ("data", false), ("metric", false), ("score", true), ("agreement", true), ("ECE", true)],
        [
            .. from row in benchmark.Rows!
               from stood in row.Robustness
               where stood.SuccessRate is null
               select (IReadOnlyList<string>)[row.Label, stood.Name, EvaluationResult.NameOf(stood.Metric), Percent(stood.Score), Percent(stood.Agreement), Percent(stood.Ece)],
        ]);

    /// <summary>What rows were put to, each once, in the order of their evaluations.</summary>
    public static IReadOnlyList<string> RobustnessNames(BenchmarkView benchmark) => [.. benchmark.Rows!.SelectMany(row => row.Robustness).Select(stood => stood.Name).Distinct()];

    private static string Doubt(BenchmarkRobustness stood) => stood.Warnings.Count > 0 ? " !" : "";

    private static ReportTable Cost(BenchmarkView benchmark) => new(
        "Cost",
        "Multiply-adds are those of one forward pass of one sample; latency is in milliseconds, p50 / p95 / p99; a star marks rows on the front of the best score against that cost. "
            + "Trainer seconds are those on the device, wall seconds run from the first attempt to the end.",
        [("row", false), ("parameters", true), ("multiply-adds", true), ("batch 1", true), ("batch 32", true), ("trainer s", true), ("wall s", true)],
        [
            .. benchmark.Rows!.Select(IReadOnlyList<string> (row) =>
            [
                row.Label,
                Number(row.Parameters, "N0") + Star(row.Pareto?.Parameters),
                Number(row.MultiplyAdds, "N0") + Star(row.Pareto?.MultiplyAdds),
                Latency(row, 1) is { Length: > 0 } latency ? latency + Star(row.Pareto?.Latency) : "",
                Latency(row, 32),
                Text(row.TrainerSeconds, 1, "0.0"),
                Text(row.WallSeconds, 1, "0.0"),
            ]),
        ]);

    private static ReportTable Teachers(BenchmarkView benchmark) => new(
        "Teachers",
        "Each distinct teacher is trained once. Test accuracy in per cent, or what else the task is judged by.",
        [("network", false), ("job", false), ("state", false), ("students", true), ($"last{benchmark.Judged}", true), ($"best{benchmark.Judged}", true), ("parameters", true), ("trainer s", true)],
        [
            .. benchmark.Teachers!.Select(IReadOnlyList<string> (teacher) =>
            [
                teacher.Model, teacher.Job, Word(teacher.Status), $"{teacher.Students}", Percent(teacher.Last), Percent(teacher.Best),
                teacher.Parameters is { } parameters ? Number(parameters, "N0") : "",
                teacher.TrainerSeconds is { } seconds ? Number(seconds, "0.0") : "",
            ]),
        ]);

    private static ReportTable Jobs(BenchmarkView benchmark) => new(
        "Every job",
        "Test accuracy in per cent, or what else the task is judged by; jobs that did not succeed are counted in no mean.",
        [("row", false), ("seed", true), ("job", false), ("state", false), ($"last{benchmark.Judged}", true), ($"best{benchmark.Judged}", true), ("trainer s", true), ("failure", false)],
        [
            .. benchmark.Cells!.Select(IReadOnlyList<string> (cell) =>
            [
                cell.Row, $"{cell.Seed}", cell.Job ?? "", cell.Status is { } state ? Word(state) : BenchmarkTable.Planned, Percent(cell.Last), Percent(cell.Best),
                cell.TrainerSeconds is { } seconds ? Number(seconds, "0.0") : "",
                cell.Failure is { } failure ? $"{Word(failure.Code)}: {failure.Message}" : "",
            ]),
        ]);

    private static string Count(BenchmarkRowView row)
    {
        var succeeded = row.Jobs.GetValueOrDefault(Word(JobState.Succeeded));
        return succeeded == row.Jobs.Values.Sum() ? $"{succeeded}" : $"{succeeded} of {row.Jobs.Values.Sum()}";
    }

    private static string Latency(BenchmarkRowView row, int batch) => row.Latency.FirstOrDefault(latency => latency.Batch == batch) is { } measured
        ? $"{Number(measured.P50, "0.00")} / {Number(measured.P95, "0.00")} / {Number(measured.P99, "0.00")}"
        : "";

    private static string Probability(Comparison? comparison) => comparison switch
    {
        { PValue: { } p, Basis: ComparisonBasis.Seeds } => $"{Number(p, "0.000")} t",
        { PValue: { } p } => Number(p, "0.000"),
        _ => "",
    };

    private static string Star(bool? onFront) => onFront == true ? " *" : "";

    private static string Interval(double? low, double? high) => low is { } from && high is { } to ? $"{Number(100 * from, "0.00")} to {Number(100 * to, "0.00")}" : "";

    private static string Signed(double fraction) => Number(100 * fraction, "+0.00;-0.00;0.00");

    private static string Percent(double? fraction) => fraction is { } value ? Number(100 * value, "0.00") : "";

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Word<T>(T value) where T : struct, Enum => Json.Naming.ConvertName($"{value}");
}
