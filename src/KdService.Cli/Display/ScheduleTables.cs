using System.Globalization;
using KdService.Core.Schema;
using KdService.Core.Wire;
using Spectre.Console;

namespace KdService.Cli.Display;

/// <summary>Schedules and their runs as tables.</summary>
public static class ScheduleTables
{
    /// <summary>A row per schedule, in the order given.</summary>
    public static Table Of(IReadOnlyList<ScheduleView> schedules)
    {
        var table = new Table().NoBorder().AddColumns(
            new TableColumn("id").NoWrap(),
            new TableColumn("name"),
            new TableColumn("cron").NoWrap(),
            new TableColumn("time zone").NoWrap(),
            new TableColumn("next run").NoWrap(),
            new TableColumn("last run").NoWrap());
        foreach (var schedule in schedules)
        {
            table.AddRow(
                schedule.Id,
                Markup.Escape(schedule.Name),
                Markup.Escape(schedule.Cron),
                Markup.Escape(schedule.TimeZone),
                schedule.Paused ? "paused" : schedule.NextRuns is [var next, ..] ? Time(next.Local) : "none",
                schedule.LastRun is { } run ? $"{run.Number} {Status(run)}" : "-");
        }
        return table;
    }

    /// <summary>Runs in the order given; what lies outside its interval bears an exclamation mark.</summary>
    public static Table Of(ScheduleRunsView runs)
    {
        var all = runs.Items.SelectMany(run => run.Numbers ?? []).ToList();
        var (metrics, hasRows) = (all.Select(number => number.Metric).Distinct().ToList(), all.Any(number => number.Row is not null));
        var table = new Table().NoBorder().AddColumns(
            new TableColumn("run").RightAligned().NoWrap(),
            new TableColumn("for").NoWrap(),
            new TableColumn("status").NoWrap(),
            new TableColumn("job or benchmark").NoWrap());
        if (hasRows) table.AddColumn("row");
        foreach (var metric in metrics) table.AddColumn(new TableColumn(metric.Replace('_', ' ')).RightAligned().NoWrap());
        table.AddColumn("remark");
        foreach (var run in runs.Items)
        {
            // A line a run, or one for each row of its benchmark.
            foreach (var row in (run.Numbers ?? []).DefaultIfEmpty().GroupBy(number => number?.Row))
            {
                string[] name = hasRows ? [Markup.Escape(row.Key ?? "-")] : [];
                var numbers = metrics.Select(metric => Show(row.FirstOrDefault(number => number?.Metric == metric)));
                table.AddRow([$"{run.Number}", Time(run.ScheduledAt) + (run.Manual ? " by hand" : ""), Status(run), run.Job ?? run.Benchmark ?? "-", .. name, .. numbers, Markup.Escape(run.Reason ?? "")]);
            }
        }
        return table;
    }

    /// <summary>A run's status as a word.</summary>
    public static string Status(ScheduleRunView run) => Json.Naming.ConvertName($"{run.Status}");

    private static string Time(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);

    private static string Show(RunNumber? number)
    {
        if (number is null) return "-";
        var (scale, unit) = number.Metric.EndsWith("accuracy", StringComparison.Ordinal) ? (100, " %") : (1, "");
        var change = number.Change is { } by ? $" ({(by * scale).ToString("+0.0;-0.0;+0.0", CultureInfo.InvariantCulture)})" : "";
        return $"{(number.Value * scale).ToString("0.0", CultureInfo.InvariantCulture)}{unit}{change}{(number.Outside ? " !" : "")}";
    }
}
