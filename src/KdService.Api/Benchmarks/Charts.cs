using KdService.Core.Benchmarks;
using KdService.Core.Wire;
using KdService.Jobs.Benchmarks;

namespace KdService.Api.Benchmarks;

/// <summary>The charts of a report, as SVG. Colours come from the page's style: class <c>k3</c> is the fourth row's.</summary>
internal static class Charts
{
    private const int Colours = 8;
    private const int MostLabels = 14;
    private const double LineHeight = 14;

    /// <summary>Scores by row: best epoch with its interval, last epoch, single seeds, and the baseline as a line.</summary>
    public static Html Scores(BenchmarkView benchmark)
    {
        var rows = benchmark.Rows!;
        var seeds = benchmark.Cells!.ToLookup(cell => cell.Row, cell => cell.Best);
        List<double> values = [.. seeds.SelectMany(row => row).OfType<double>(), .. rows.Select(row => row.Last?.Mean).OfType<double>()];
        if (values.Count == 0) return default;
        const double left = 230, right = 780, width = 880, rowHeight = 30, top = 10;
        var axis = ChartAxis.Linear(values, 0.01, 0.3);
        var bottom = top + rowHeight * rows.Count;
        double X(double score) => left + axis.Within(score) * (right - left);

        var baseline = BaselineRow(benchmark)?.Best?.Mean;
        var lines = rows.Select((row, index) => Line(row, index, top + rowHeight * (index + 0.5)));
        return Html.Of($"""
            <svg viewBox="0 0 {width:0} {bottom + 34:0}" role="img" aria-label="Test scores by row">
            {axis.Ticks(6).Select(tick => Html.Of($"""<line class="grid" x1="{X(tick):0.#}" x2="{X(tick):0.#}" y1="{top:0}" y2="{bottom:0}"/><text class="tick" text-anchor="middle" x="{X(tick):0.#}" y="{bottom + 18:0}">{100 * tick:0.##} %</text>"""))}
            {(baseline is { } mean ? Html.Of($"""<line class="baseline" x1="{X(mean):0.#}" x2="{X(mean):0.#}" y1="{top:0}" y2="{bottom:0}"/>""") : default)}
            {lines}
            </svg>
            """);

        Html Line(BenchmarkRowView row, int index, double y)
        {
            var name = Html.Of($"""<text class="name" x="{left - 14:0}" y="{y + 4:0.#}" text-anchor="end">{Shorten(row.Label, 32)}<title>{row.Label}</title></text>""");
            if (row.Best is not { } best) return Html.Of($"""{name}<text class="tick" x="{left + 6:0}" y="{y + 4:0.#}">no result yet</text>""");
            var interval = best is { Low: { } low, High: { } high }
                ? Html.Of($"""<line class="whisker" x1="{X(low):0.#}" x2="{X(high):0.#}" y1="{y:0.#}" y2="{y:0.#}"/>{Cap(low)}{Cap(high)}""")
                : default;
            var single = seeds[row.Label].OfType<double>().Select(seed => Html.Of($"""<circle class="seed" cx="{X(seed):0.#}" cy="{y:0.#}" r="2.5"/>"""));
            var last = row.Last is { } end ? Html.Of($"""<circle class="ring" cx="{X(end.Mean):0.#}" cy="{y:0.#}" r="4.5"/>""") : default;
            return Html.Of($"""
                {name}<g class="k{index % Colours}"><title>{row.Label}: best {ReportTables.Percent(best)} %, last {ReportTables.Percent(row.Last)} %</title>
                {interval}{single}{last}<circle class="dot" cx="{X(best.Mean):0.#}" cy="{y:0.#}" r="5.5"/></g>
                <text class="value" x="{width - 4:0}" y="{y + 4:0.#}" text-anchor="end">{100 * best.Mean:0.00} %</text>
                """);

            // An interval that goes on beyond the chart has no end there.
            Html Cap(double value) => axis.At(value) is > 0 and < 1
                ? Html.Of($"""<line class="whisker" x1="{X(value):0.#}" x2="{X(value):0.#}" y1="{y - 4:0.#}" y2="{y + 4:0.#}"/>""")
                : default;
        }
    }

    /// <summary>The one row that the others are compared with; null where each student or option has its own.</summary>
    public static BenchmarkRowView? BaselineRow(BenchmarkView benchmark) =>
        benchmark.Rows!.Where(row => row.Label == benchmark.Baseline || row.Method == benchmark.Baseline).ToList() is [var row] ? row : null;

    /// <summary>Scores against a cost, with the front; nothing where every row costs the same.</summary>
    public static Html Pareto(BenchmarkView benchmark, string title, Func<BenchmarkRowView, double?> cost, Func<ParetoView, bool?> onFront)
    {
        List<(BenchmarkRowView Row, int Index, double Cost, Spread Best, bool Front)> points =
        [
            .. from row in benchmark.Rows!.Index()
               where row.Item.Best is not null && cost(row.Item) is not null
               select (row.Item, row.Index, cost(row.Item)!.Value, row.Item.Best!, row.Item.Pareto is { } pareto && onFront(pareto) == true),
        ];
        if (points.Select(point => point.Cost).Distinct().Count() < 2) return default;
        const double left = 52, right = 300, top = 12, bottom = 250, width = 420;
        var across = ChartAxis.Cost([.. points.Select(point => point.Cost)]);
        var up = ChartAxis.Linear([.. points.Select(point => point.Best.Mean)], 0.01, 0.15);
        double X(double value) => left + across.At(value) * (right - left);
        double Y(double score) => bottom - up.Within(score) * (bottom - top);

        var front = points.Where(point => point.Front).OrderBy(point => point.Cost).ToList();
        var labelled = points.Count <= MostLabels ? points : front;
        var labels = Spaced([.. labelled.Select(point => (point.Row.Label, point.Index, X(point.Cost), Y(point.Best.Mean)))]);
        return Html.Of($"""
            <figure><figcaption>{title}</figcaption><svg viewBox="0 0 {width:0} {bottom + 36:0}" role="img" aria-label="Scores against {title}">
            {up.Ticks(5).Select(tick => Html.Of($"""<line class="grid" x1="{left:0}" x2="{right:0}" y1="{Y(tick):0.#}" y2="{Y(tick):0.#}"/><text class="tick" text-anchor="end" x="{left - 6:0}" y="{Y(tick) + 4:0.#}">{100 * tick:0.##}</text>"""))}
            {across.Ticks(4).Select(tick => Html.Of($"""<line class="grid" x1="{X(tick):0.#}" x2="{X(tick):0.#}" y1="{top:0}" y2="{bottom:0}"/><text class="tick" text-anchor="middle" x="{X(tick):0.#}" y="{bottom + 18:0}">{ChartAxis.Short(tick)}</text>"""))}
            <polyline class="front" points="{front.Select(point => Html.Of($"{X(point.Cost):0.#},{Y(point.Best.Mean):0.#} "))}"/>
            {points.Select(Point)}
            {labels}
            </svg></figure>
            """);

        Html Point((BenchmarkRowView Row, int Index, double Cost, Spread Best, bool Front) point)
        {
            var interval = point.Best is { Low: { } low, High: { } high }
                ? Html.Of($"""<line class="whisker faint" x1="{X(point.Cost):0.#}" x2="{X(point.Cost):0.#}" y1="{Y(low):0.#}" y2="{Y(high):0.#}"/>""")
                : default;
            return Html.Of($"""
                <g class="k{point.Index % Colours}"><title>{point.Row.Label}: {ReportTables.Percent(point.Best)} % for {ChartAxis.Short(point.Cost)}</title>{interval}<circle class="{(point.Front ? "dot" : "ring")}" cx="{X(point.Cost):0.#}" cy="{Y(point.Best.Mean):0.#}" r="5"/></g>
                """);
        }
    }

    /// <summary>Scores on the selection split over the steps, a line per row.</summary>
    public static Html Curves(BenchmarkView benchmark, IReadOnlyList<LearningCurve> curves)
    {
        var drawn = curves.Where(curve => curve.Points.Count > 1).ToList();
        if (drawn.Count == 0) return default;
        const double left = 52, right = 690, top = 12, bottom = 300, width = 880;
        var across = ChartAxis.Linear([.. drawn.SelectMany(curve => curve.Points).Select(point => (double)point.Step)], 1, 0.01);
        var up = ChartAxis.Linear([.. drawn.SelectMany(curve => curve.Points).Select(point => point.Score)], 0.01);
        double X(long step) => left + across.At(step) * (right - left);
        double Y(double score) => bottom - up.At(score) * (bottom - top);

        var indices = benchmark.Rows!.Index().ToDictionary(row => row.Item.Label, row => row.Index);
        var ends = drawn.Take(2 * MostLabels).Select(curve => (curve.Row, indices[curve.Row], X(curve.Points[^1].Step), Y(curve.Points[^1].Score))).ToList();
        return Html.Of($"""
            <svg viewBox="0 0 {width:0} {bottom + 36:0}" role="img" aria-label="Learning curves">
            {up.Ticks(6).Select(tick => Html.Of($"""<line class="grid" x1="{left:0}" x2="{right:0}" y1="{Y(tick):0.#}" y2="{Y(tick):0.#}"/><text class="tick" text-anchor="end" x="{left - 6:0}" y="{Y(tick) + 4:0.#}">{100 * tick:0.##}</text>"""))}
            {across.Ticks(6).Select(tick => Html.Of($"""<text class="tick" text-anchor="middle" x="{X((long)tick):0.#}" y="{bottom + 18:0}">{ChartAxis.Short(tick)}</text>"""))}
            {drawn.Select(Line)}
            {Spaced(ends)}
            </svg>
            """);

        Html Line(LearningCurve curve) => Html.Of($"""
            <polyline class="curve k{indices[curve.Row] % Colours} dash{indices[curve.Row] / Colours % 3}" points="{curve.Points.Select(point => Html.Of($"{X(point.Step):0.#},{Y(point.Score):0.#} "))}"><title>{curve.Row}</title></polyline>
            """);
    }

    /// <summary>A text for people in a number of characters.</summary>
    private static string Shorten(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";

    /// <summary>Labels to the right of their points, moved apart where they would overlap.</summary>
    private static IEnumerable<Html> Spaced(IReadOnlyList<(string Label, int Index, double X, double Y)> points)
    {
        var free = double.NegativeInfinity;
        foreach (var (label, index, x, y) in points.OrderBy(point => point.Y))
        {
            var at = Math.Max(y, free);
            free = at + LineHeight;
            var leader = at - y > 2 ? Html.Of($"""<line class="leader" x1="{x + 6:0.#}" y1="{y:0.#}" x2="{x + 10:0.#}" y2="{at:0.#}"/>""") : default;
            yield return Html.Of($"""{leader}<text class="label k{index % Colours}" x="{x + 12:0.#}" y="{at + 4:0.#}">{Shorten(label, 26)}<title>{label}</title></text>""");
        }
    }
}
