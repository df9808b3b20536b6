using System.Globalization;
using System.Text;
using KdService.Core.Schema;
using KdService.Core.Wire;

namespace KdService.Core.Schedules;

/// <summary>Writes the runs of a schedule as a Markdown table, for tickets and mails: a line a run, or one for each row of its benchmark.</summary>
public static class RunsMarkdown
{
    /// <summary>The whole document.</summary>
    public static string Write(ScheduleView schedule, ScheduleRunsView runs)
    {
        var numbers = runs.Items.SelectMany(run => run.Numbers ?? []).ToList();
        var metrics = numbers.Select(number => number.Metric).Distinct().ToList();
        string[] columns = ["run", "for", "status", schedule.Benchmark is null ? "job" : "benchmark", .. numbers.Any(number => number.Row is not null) ? ["row"] : (string[])[], .. metrics, "remark"];
        var text = new StringBuilder($"# Runs of {Cell(schedule.Name)}\n\n`{schedule.Cron}` in {schedule.TimeZone}{(schedule.Paused ? ", paused" : "")}; schedule {schedule.Id}.\n\n");
        Line(text, columns);
        Line(text, columns.Select(_ => "---"));
        foreach (var run in runs.Items)
        {
            foreach (var row in Rows(run))
            {
                string[] head = [$"{run.Number}", $"{run.ScheduledAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z{(run.Manual ? " by hand" : "")}", Json.Naming.ConvertName($"{run.Status}"), run.Job ?? run.Benchmark ?? "-"];
                string[] name = columns.Contains("row") ? [Cell(row.Key ?? "-")] : [];
                Line(text, [.. head, .. name, .. metrics.Select(metric => Show(row.FirstOrDefault(number => number?.Metric == metric))), Cell(run.Reason ?? "")]);
            }
        }
        return text.Append($"\nIn brackets the change against the run before that succeeded. **Bold** numbers lie outside the interval: {runs.Basis}.\n").ToString();
    }

    /// <summary>A run's numbers by row; a single group without numbers where there are none.</summary>
    private static IEnumerable<IGrouping<string?, RunNumber?>> Rows(ScheduleRunView run) =>
        (run.Numbers ?? []).DefaultIfEmpty().GroupBy(number => number?.Row);

    private static void Line(StringBuilder text, IEnumerable<string> cells) => text.Append($"| {string.Join(" | ", cells)} |\n");

    private static string Show(RunNumber? number)
    {
        if (number is null) return "-";
        var value = number.Outside ? $"**{Number(number.Value)}**" : Number(number.Value);
        return number.Change is { } change ? $"{value} ({(change < 0 ? "" : "+")}{Number(change)})" : value;
    }

    private static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
