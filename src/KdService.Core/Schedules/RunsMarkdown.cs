using System.Globalization;
using System.Text;
using KdService.Core.Schema;
using KdService.Core.Wire;

namespace KdService.Core.Schedules;

/// <summary>Writes the runs of a schedule as a Markdown table, for tickets and mails.</summary>
public static class RunsMarkdown
{
    /// <summary>The whole document.</summary>
    public static string Write(ScheduleView schedule, ScheduleRunsView runs)
    {
        var metrics = runs.Items.SelectMany(run => run.Numbers ?? []).Select(number => number.Metric).Distinct().ToList();
        var text = new StringBuilder($"# Runs of {Cell(schedule.Name)}\n\n`{schedule.Cron}` in {schedule.TimeZone}{(schedule.Paused ? ", paused" : "")}; schedule {schedule.Id}.\n\n");
        text.Append($"| run | for | status | job |{string.Concat(metrics.Select(metric => $" {metric} |"))} remark |\n");
        text.Append($"|---|---|---|---|{string.Concat(metrics.Select(_ => "---|"))}---|\n");
        foreach (var run in runs.Items)
        {
            var numbers = metrics.Select(metric => run.Numbers?.FirstOrDefault(number => number.Metric == metric));
            text.Append($"| {run.Number} | {run.ScheduledAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z{(run.Manual ? " by hand" : "")} | {Json.Naming.ConvertName($"{run.Status}")} | {run.Job ?? "-"} |");
            text.Append($"{string.Concat(numbers.Select(number => $" {Show(number)} |"))} {Cell(run.Reason ?? "")} |\n");
        }
        return text.Append($"\nIn brackets the change against the run before that succeeded. **Bold** numbers lie outside the interval: {runs.Basis}.\n").ToString();
    }

    private static string Show(RunNumber? number)
    {
        if (number is null) return "-";
        var value = number.Outside ? $"**{Number(number.Value)}**" : Number(number.Value);
        return number.Change is { } change ? $"{value} ({(change < 0 ? "" : "+")}{Number(change)})" : value;
    }

    private static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
