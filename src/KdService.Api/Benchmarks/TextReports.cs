using System.Globalization;
using System.Text;
using System.Text.Json;
using KdService.Core.Benchmarks;
using KdService.Core.Datasets;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Wire;

namespace KdService.Api.Benchmarks;

/// <summary>A benchmark's report in Markdown, for a pull request or a wiki.</summary>
internal static class MarkdownReport
{
    public static string Of(BenchmarkView benchmark)
    {
        var text = new StringBuilder($"# {Escape(benchmark.Name)}\n\n{Escape(ReportTables.Progress(benchmark))}. {ReportTables.ProtocolNote(benchmark)}\n");
        foreach (var table in ReportTables.Of(benchmark))
        {
            text.Append($"\n## {table.Title}\n\n{Escape(table.Note)}\n\n");
            AppendRow(text, table.Columns.Select(column => column.Title));
            AppendRow(text, table.Columns.Select(column => column.Number ? "---:" : "---"));
            foreach (var row in table.Rows) AppendRow(text, row.Select(Escape));
        }
        return text.ToString();
    }

    private static void AppendRow(StringBuilder text, IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    /// <summary>Names are text here, whatever they hold: no table's edge, no markup, no link.</summary>
    private static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (var character in text)
        {
            if (character is '\\' or '|' or '*' or '_' or '`' or '[' or ']' or '<' or '>' or '#' or '~' or '&') escaped.Append('\\');
            escaped.Append(char.IsControl(character) ? ' ' : character);
        }
        return escaped.ToString();
    }
}

/// <summary>A benchmark's rows as comma-separated values (RFC 4180): plain numbers, accuracies and other scores not in per cent, empty where there is none.</summary>
internal static class CsvReport
{
    private static readonly IReadOnlyList<(string Name, Func<BenchmarkRowView, object?> Value)> Columns =
    [
        ("row", row => row.Label),
        ("method", row => row.Method),
        ("student", row => row.Student),
        ("options", row => row.Options.Count == 0 ? null : JsonSerializer.Serialize(row.Options, Json.Compact)),
        ("jobs", row => row.Jobs.Values.Sum()),
        ("succeeded", row => row.Jobs.GetValueOrDefault("succeeded")),
        ("failed", row => row.Jobs.GetValueOrDefault("failed")),
        .. Spreads("last", row => row.Last),
        .. Spreads("best", row => row.Best),
        .. Spreads("agreement", row => row.Agreement),
        .. Spreads("nll", row => row.Nll),
        .. Spreads("ece", row => row.Ece),
        .. Spreads("trainer_seconds", row => row.TrainerSeconds),
        .. Spreads("wall_seconds", row => row.WallSeconds),
        ("parameters", row => row.Parameters),
        ("multiply_adds", row => row.MultiplyAdds),
        .. new[] { 1, 32 }.SelectMany(Latencies),
        .. Comparisons("last", row => row.LastAgainstBaseline),
        .. Comparisons("best", row => row.BestAgainstBaseline),
        ("pareto_parameters", row => row.Pareto?.Parameters),
        ("pareto_multiply_adds", row => row.Pareto?.MultiplyAdds),
        ("pareto_latency", row => row.Pareto?.Latency),
        ("metric", row => Name(row.Metric)),
    ];

    public static string Of(BenchmarkView benchmark)
    {
        var text = new StringBuilder();
        var columns = Columns.Concat(ReportTables.RobustnessNames(benchmark).SelectMany(Robustness)).ToList();
        text.AppendJoin(',', columns.Select(column => Field(column.Name))).Append("\r\n");
        foreach (var row in benchmark.Rows!) text.AppendJoin(',', columns.Select(column => Field(column.Value(row)))).Append("\r\n");
        return text.ToString();
    }

    private static IEnumerable<(string Name, Func<BenchmarkRowView, object?> Value)> Robustness(string name)
    {
        BenchmarkRobustness? Of(BenchmarkRowView row) => row.Robustness.FirstOrDefault(stood => stood.Name == name);
        return
        [
            .. Spreads($"{name}: score", row => Of(row)?.Score),
            ($"{name}: success_rate", row => Of(row)?.SuccessRate?.Mean),
            ($"{name}: change", row => Of(row)?.Change?.Mean),
            ($"{name}: queries", row => Of(row)?.Queries?.Mean),
            ($"{name}: agreement", row => Of(row)?.Agreement?.Mean),
            ($"{name}: ece", row => Of(row)?.Ece?.Mean),
            ($"{name}: metric", row => Name(Of(row)?.Metric)),
            ($"{name}: clean", row => Of(row)?.Clean?.Mean),
        ];
    }

    private static IEnumerable<(string, Func<BenchmarkRowView, object?>)> Spreads(string name, Func<BenchmarkRowView, Spread?> spread) =>
    [
        ($"{name}_mean", row => spread(row)?.Mean),
        ($"{name}_deviation", row => spread(row)?.Deviation),
        ($"{name}_low", row => spread(row)?.Low),
        ($"{name}_high", row => spread(row)?.High),
    ];

    private static IEnumerable<(string, Func<BenchmarkRowView, object?>)> Latencies(int batch)
    {
        BenchmarkLatency? Of(BenchmarkRowView row) => row.Latency.FirstOrDefault(latency => latency.Batch == batch);
        return [($"latency_{batch}_p50", row => Of(row)?.P50), ($"latency_{batch}_p95", row => Of(row)?.P95), ($"latency_{batch}_p99", row => Of(row)?.P99)];
    }

    private static IEnumerable<(string, Func<BenchmarkRowView, object?>)> Comparisons(string name, Func<BenchmarkRowView, Comparison?> comparison) =>
    [
        ($"{name}_difference", row => comparison(row)?.Difference),
        ($"{name}_difference_low", row => comparison(row)?.Low),
        ($"{name}_difference_high", row => comparison(row)?.High),
        ($"{name}_p_value", row => comparison(row)?.PValue),
        ($"{name}_pairs", row => comparison(row)?.Pairs),
        ($"{name}_basis", row => comparison(row) is { } known ? Json.Naming.ConvertName($"{known.Basis}") : null),
    ];

    private static string? Name(ScoreMetric? metric) => metric is { } known ? EvaluationResult.NameOf(known) : null;

    private static string Field(object? value) => value switch
    {
        null => "",
        bool truth => truth ? "true" : "false",
        string text => text.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text,
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw new InvalidOperationException($"{value.GetType().Name} has no form in a CSV field"),
    };
}
