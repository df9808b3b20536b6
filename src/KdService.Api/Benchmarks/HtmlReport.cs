using System.Globalization;
using KdService.Core.Wire;
using KdService.Jobs.Benchmarks;

namespace KdService.Api.Benchmarks;

/// <summary>A benchmark's report as one page: charts and tables, light and dark, with nothing fetched from anywhere.</summary>
internal static class HtmlReport
{
    private static readonly Html Style = new("""
        :root { color-scheme: light dark; --page: #fff; --ink: #1f2328; --soft: #6a737d; --line: #d8dee4; --grid: #eaeef2; --card: #f6f8fa; --bad: #cf222e;
          --c0: #2563eb; --c1: #c2410c; --c2: #047857; --c3: #b91c1c; --c4: #6d28d9; --c5: #0e7490; --c6: #be185d; --c7: #4d7c0f; }
        @media (prefers-color-scheme: dark) { :root { --page: #0d1117; --ink: #e6edf3; --soft: #9aa4af; --line: #30363d; --grid: #1f262e; --card: #161b22; --bad: #ff7b72;
          --c0: #79b0ff; --c1: #ffa657; --c2: #4ade80; --c3: #ff8a80; --c4: #c4a5ff; --c5: #3fd4e8; --c6: #ff8cc6; --c7: #b5d94c; } }
        .k0 { --k: var(--c0); } .k1 { --k: var(--c1); } .k2 { --k: var(--c2); } .k3 { --k: var(--c3); } .k4 { --k: var(--c4); } .k5 { --k: var(--c5); } .k6 { --k: var(--c6); } .k7 { --k: var(--c7); }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 66rem; padding: 1.5rem 1.25rem 4rem; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
        h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
        h2 { font-size: 1.15rem; margin: 2.5rem 0 .25rem; padding-top: .75rem; border-top: 1px solid var(--line); }
        p { margin: .25rem 0 .75rem; max-width: 52rem; } .note, figcaption { color: var(--soft); font-size: .87rem; }
        .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .75rem; margin: 1.25rem 0; }
        .card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .7rem .9rem; overflow-wrap: anywhere; }
        .card b { display: block; font-size: 1.3rem; line-height: 1.3; } .card span { color: var(--soft); font-size: .83rem; }
        .bar { display: flex; height: .55rem; border-radius: .3rem; overflow: hidden; background: var(--grid); margin: .5rem 0 1rem; }
        .bar i { display: block; } .succeeded { background: var(--c2); } .failed { background: var(--bad); } .cancelled { background: var(--soft); } .running { background: var(--c0); }
        .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .88rem; font-variant-numeric: tabular-nums; margin: .5rem 0; }
        th, td { padding: .38rem .7rem .38rem 0; border-bottom: 1px solid var(--grid); text-align: left; vertical-align: baseline; } th { color: var(--soft); font-weight: 600; white-space: nowrap; border-color: var(--line); }
        .number { text-align: right; white-space: nowrap; } td:first-child { font-weight: 600; } tr.bad td { color: var(--bad); }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(23rem, 1fr)); gap: 1rem; } figure { margin: .5rem 0; max-width: 27rem; } figcaption { font-weight: 600; }
        svg { width: 100%; height: auto; display: block; font-size: 12px; } svg text { fill: var(--ink); } svg .tick { fill: var(--soft); } svg .name { font-weight: 600; font-size: 13px; } svg .value { font-variant-numeric: tabular-nums; font-size: 13px; }
        .grid { stroke: var(--grid); } .baseline { stroke: var(--soft); stroke-dasharray: 4 4; } .whisker { stroke: var(--k); stroke-width: 2; } .faint { opacity: .35; }
        .dot { fill: var(--k); } .seed { fill: var(--page); stroke: var(--k); stroke-width: 1.2; } .ring { fill: var(--page); stroke: var(--k); stroke-width: 2; } .front { fill: none; stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 2 3; }
        .curve { fill: none; stroke: var(--k); stroke-width: 2; stroke-linejoin: round; } .dash1 { stroke-dasharray: 7 4; } .dash2 { stroke-dasharray: 2 3; } svg .label { fill: var(--k); font-size: 11.5px; } .leader { stroke: var(--soft); stroke-width: .75; }
        @media print { body { max-width: none; } h2 { break-after: avoid; } svg, tr { break-inside: avoid; } }
        """);

    public static string Of(BenchmarkView benchmark, IReadOnlyList<LearningCurve> curves)
    {
        var tables = ReportTables.Of(benchmark).ToDictionary(table => table.Title);
        var figures = new Dictionary<string, Html>
        {
            [ReportTables.Results] = Scores(benchmark),
            ["Cost"] = Pareto(benchmark),
            ["Every job"] = default,
        };
        return Html.Of($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{benchmark.Name}</title>
            <link rel="icon" href="data:,">
            <style>{Style}</style>
            </head>
            <body>
            <h1>{benchmark.Name}</h1>
            <p class="note">Benchmark {benchmark.Id}, submitted {Moment(benchmark.CreatedAt)}{(benchmark.FinishedAt is { } end ? $", finished {Moment(end)}" : "")}. {ReportTables.Progress(benchmark)}.</p>
            {Bar(benchmark)}
            {Cards(benchmark)}
            <p class="note">{ReportTables.ProtocolNote(benchmark)}</p>
            {tables.Values.Select(table => Section(table, figures.GetValueOrDefault(table.Title), table.Title == "Cost" ? Curves(benchmark, curves) : default))}
            </body>
            </html>
            """).Text;
    }

    private static Html Section(ReportTable table, Html figure, Html after) => Html.Of($"""
        <section>
        <h2>{table.Title}</h2>
        {figure}
        <p class="note">{table.Note}</p>
        <div class="scroll"><table>
        <thead><tr>{table.Columns.Select(column => Html.Of($"""<th{Class(column.Number)}>{column.Title}</th>"""))}</tr></thead>
        <tbody>
        {table.Rows.Select(row => Html.Of($"<tr{(row.Contains("failed") ? new Html(" class=\"bad\"") : default)}>{row.Select((cell, index) => Html.Of($"<td{Class(table.Columns[index].Number)}>{cell}</td>"))}</tr>\n"))}
        </tbody>
        </table></div>
        </section>
        {after}
        """);

    private static Html Class(bool number) => number ? new Html(" class=\"number\"") : default;

    private static Html Scores(BenchmarkView benchmark) => Html.Of($"""
        {Charts.Scores(benchmark)}
        <p class="note">● best epoch with the 95 % interval of its mean, ○ last epoch, small dots are single seeds{(Charts.BaselineRow(benchmark) is { Label: var baseline } ? $", the dashed line is {baseline}" : "")}.</p>
        """);

    private static Html Pareto(BenchmarkView benchmark)
    {
        Html[] charts =
        [
            Charts.Pareto(benchmark, "parameters", row => row.Parameters, front => front.Parameters),
            Charts.Pareto(benchmark, "multiply-adds", row => row.MultiplyAdds, front => front.MultiplyAdds),
            Charts.Pareto(benchmark, "latency of one sample, ms", row => row.Latency is [var single, ..] ? single.P50 : null, front => front.Latency),
        ];
        return charts.All(chart => chart.Text is null) ? default : Html.Of($"""
            <div class="charts">{charts}</div>
            <p class="note">Test accuracy, or what else the task is judged by, of the best epoch in per cent; filled points are those that no other beats in both. A cost that is the same for every row is not drawn.</p>
            """);
    }

    private static Html Curves(BenchmarkView benchmark, IReadOnlyList<LearningCurve> curves) => Charts.Curves(benchmark, curves) is { Text: not null } chart ? Html.Of($"""
        <section>
        <h2>Learning curves</h2>
        {chart}
        <p class="note">Accuracy, or what else the task is judged by, on the selection split in per cent over optimiser steps, means over seeds; stages of assistants and generators are left out.</p>
        </section>
        """) : default;

    private static Html Bar(BenchmarkView benchmark)
    {
        var all = (double)benchmark.Jobs.Values.Sum();
        return Html.Of($"""<div class="bar">{benchmark.Jobs.OrderByDescending(state => state.Key is "succeeded").Select(state => Html.Of($"""<i class="{state.Key}" style="width:{100 * state.Value / all:0.##}%" title="{state.Value} {state.Key}"></i>"""))}</div>""");
    }

    private static Html Cards(BenchmarkView benchmark)
    {
        var best = benchmark.Rows!.Where(row => row.Best is not null).MaxBy(row => row.Best!.Mean);
        var gain = benchmark.Rows!.Where(row => row.BestAgainstBaseline is not null).MaxBy(row => row.BestAgainstBaseline!.Difference);
        var seconds = benchmark.Cells!.Sum(cell => cell.TrainerSeconds ?? 0) + benchmark.Teachers!.Sum(teacher => teacher.TrainerSeconds ?? 0);
        List<(string Value, string Meaning)> cards =
        [
            .. best is { Best: { } score } ? new[] { ($"{Percent(score.Mean)} %", $"{(benchmark.Judged is { Length: > 0 } metric ? $"the best row by{metric}" : "the most accurate row")}: {best.Label}") } : [],
            .. gain is { BestAgainstBaseline: { } against } ? new[] { ($"{(100 * against.Difference).ToString("+0.00;-0.00", CultureInfo.InvariantCulture)} points", $"{(against.Difference > 0 ? $"the largest gain on {benchmark.Baseline}" : $"nothing gains on {benchmark.Baseline}; the nearest")}: {gain.Label}") } : [],
            ($"{benchmark.Cells!.Count}", $"jobs in {benchmark.Rows!.Count} rows, {benchmark.Teachers!.Count} {(benchmark.Teachers.Count == 1 ? "teacher" : "teachers")}"),
            .. seconds > 0 ? new[] { (Duration(seconds), "of trainers so far, teachers counted") } : [],
        ];
        return Html.Of($"""<div class="cards">{cards.Select(card => Html.Of($"""<div class="card"><b>{card.Value}</b><span>{card.Meaning}</span></div>"""))}</div>""");
    }

    private static string Percent(double fraction) => (100 * fraction).ToString("0.00", CultureInfo.InvariantCulture);

    private static string Moment(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static string Duration(double seconds) => TimeSpan.FromSeconds(seconds) switch
    {
        { TotalMinutes: < 2 } => $"{seconds.ToString("0", CultureInfo.InvariantCulture)} s",
        { TotalHours: < 2 } span => $"{span.TotalMinutes.ToString("0", CultureInfo.InvariantCulture)} min",
        var span => $"{span.TotalHours.ToString("0.0", CultureInfo.InvariantCulture)} h",
    };
}
