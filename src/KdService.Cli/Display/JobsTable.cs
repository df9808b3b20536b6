using KdService.Core.Wire;
using Spectre.Console;

namespace KdService.Cli.Display;

/// <summary>A list of jobs.</summary>
public static class JobsTable
{
    /// <summary>A row per job, in the order given.</summary>
    public static Table Of(IReadOnlyList<JobView> jobs, DateTimeOffset now)
    {
        var table = new Table().NoBorder().AddColumns(
            new TableColumn("id").NoWrap(),
            new TableColumn("name"),
            new TableColumn("status").NoWrap(),
            new TableColumn("done").RightAligned().NoWrap(),
            new TableColumn("selection score").RightAligned().NoWrap(),
            new TableColumn("submitted").RightAligned().NoWrap());
        foreach (var job in jobs)
        {
            var row = ProgressRow.Of(job);
            table.AddRow(
                job.Id,
                Markup.Escape(job.Name),
                ProgressRow.StateName(job.Status),
                $"{row.Fraction * 100:0} %",
                row.Score?.ToString() ?? "-",
                $"{Units.Duration((now - job.CreatedAt).TotalSeconds)} ago");
        }
        return table;
    }
}
