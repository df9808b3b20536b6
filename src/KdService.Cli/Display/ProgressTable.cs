using KdService.Core.Jobs;
using Spectre.Console;

namespace KdService.Cli.Display;

/// <summary>Rows of progress as a table with bars.</summary>
public static class ProgressTable
{
    private const int LongestBar = 24;
    private const int ShortestBar = 6;
    private const int ShortestNow = 8;

    /// <summary>The table at this moment, for a terminal of a given width: bars give way first, then what is being done.</summary>
    public static Table Of(IReadOnlyList<ProgressRow> rows, bool unicode, int width)
    {
        var table = new Table().NoBorder();
        foreach (var (title, right) in new[] { ("job", false), ("", false), ("", true), ("now", false), ("score", true), ("left", true) })
        {
            var column = new TableColumn($"[grey]{title}[/]") { NoWrap = true, Padding = new Padding(0, 0, 2, 0) };
            table.AddColumn(right ? column.RightAligned() : column);
        }
        var now = rows.Select(row => row.Now.Length).Append(ShortestNow).Max();
        var rest = width - rows.Select(row => row.Title.Length).Append(0).Max() - "100 %".Length - rows.Select(row => $"{row.Score}".Length).Append("score".Length).Max()
            - rows.Select(row => row.Left.Length).Append("left".Length).Max() - 6 * 2;
        var bar = Math.Clamp(rest - now, ShortestBar, LongestBar);
        now = Math.Max(ShortestNow, Math.Min(now, rest - bar));
        foreach (var row in rows)
        {
            var colour = Colour(row.State);
            table.AddRow(
                Markup.Escape(row.Title),
                Bar(row.Fraction, bar, colour, unicode),
                $"{Math.Floor(row.Fraction * 100):0} %",
                $"[{colour}]{Markup.Escape(Shorten(row.Now, now))}[/]",
                $"{row.Score}",
                row.Left);
        }
        return table;
    }

    private static string Shorten(string text, int length) => text.Length <= length ? text : text[..(length - 2)] + "..";

    private static string Bar(double fraction, int width, string colour, bool unicode)
    {
        var done = (int)Math.Round(fraction * width);
        var (full, rest) = unicode ? ('━', '━') : ('#', '-');
        return $"[{colour}]{new string(full, done)}[/][grey35]{new string(rest, width - done)}[/]";
    }

    private static string Colour(JobState state) => state switch
    {
        JobState.Succeeded => "green",
        JobState.Failed => "red",
        JobState.Running => "deepskyblue1",
        JobState.Waiting or JobState.Queued => "grey",
        _ => "yellow",
    };
}
