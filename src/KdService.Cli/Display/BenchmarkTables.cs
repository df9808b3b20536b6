using System.Globalization;
using KdService.Core.Benchmarks;
using KdService.Core.Schema;
using KdService.Core.Wire;
using Spectre.Console;

namespace KdService.Cli.Display;

/// <summary>Benchmarks as people read them.</summary>
public static class BenchmarkTables
{
    /// <summary>A row per benchmark, in the order given.</summary>
    public static Table Of(IReadOnlyList<BenchmarkView> benchmarks, DateTimeOffset now)
    {
        var table = new Table().NoBorder().AddColumns(
            new TableColumn("id").NoWrap(),
            new TableColumn("name"),
            new TableColumn("status").NoWrap(),
            new TableColumn("jobs"),
            new TableColumn("submitted").RightAligned().NoWrap());
        foreach (var benchmark in benchmarks)
        {
            table.AddRow(benchmark.Id, Markup.Escape(benchmark.Name), Status(benchmark), Counts(benchmark.Jobs),
                $"{Units.Duration((now - benchmark.CreatedAt).TotalSeconds)} ago");
        }
        return table;
    }

    /// <summary>A benchmark's rows: test accuracies, or what else networks are judged by, which the columns then name, as mean ± sample deviation over the seeds that are done.</summary>
    public static Table Of(BenchmarkView benchmark)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns(
            new TableColumn("row"),
            new TableColumn($"last{benchmark.Judged} %").RightAligned().NoWrap(),
            new TableColumn($"best{benchmark.Judged} %").RightAligned().NoWrap(),
            new TableColumn(Markup.Escape($"against {benchmark.Baseline}")).RightAligned().NoWrap(),
            new TableColumn("p").RightAligned().NoWrap(),
            new TableColumn("trainer").RightAligned().NoWrap(),
            new TableColumn("jobs"));
        foreach (var row in benchmark.Rows ?? [])
        {
            table.AddRow(
                Markup.Escape(row.Label),
                Percent(row.Last),
                Percent(row.Best),
                row.BestAgainstBaseline is { } against ? Number(100 * against.Difference, "+0.00;-0.00;0.00") : "",
                row.BestAgainstBaseline?.PValue is { } p ? Number(p, "0.000") : "",
                row.TrainerSeconds is { } seconds ? Units.Duration(seconds.Mean) : "",
                Counts(row.Jobs));
        }
        return table;
    }

    /// <summary>The line that tells of a benchmark where there is no terminal.</summary>
    public static string Line(BenchmarkView benchmark) => $"{DateTime.Now:HH:mm:ss}  {benchmark.Name}: {Counts(benchmark.Jobs)}";

    private static string Status(BenchmarkView benchmark) => Json.Naming.ConvertName($"{benchmark.Status}");

    private static string Counts(IReadOnlyDictionary<string, int> jobs) => string.Join(", ", jobs.Select(state => $"{state.Value} {state.Key}"));

    private static string Percent(Spread? spread) => spread switch
    {
        null => "",
        { Deviation: { } deviation } => $"{Number(100 * spread.Mean, "0.00")} ± {Number(100 * deviation, "0.00")}",
        _ => Number(100 * spread.Mean, "0.00"),
    };

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
