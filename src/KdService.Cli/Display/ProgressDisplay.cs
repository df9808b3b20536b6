using KdService.Core.Jobs;
using Spectre.Console;

namespace KdService.Cli.Display;

/// <summary>Shows how far runs are, for as long as some work takes: a live table on a terminal, a line per epoch elsewhere.</summary>
public sealed class ProgressDisplay
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(200);

    private readonly IAnsiConsole _console;
    private readonly bool _live;
    private readonly Lock _lock = new();
    private readonly OrderedDictionary<string, ProgressRow> _rows = [];

    private ProgressDisplay(IAnsiConsole console, bool live) => (_console, _live) = (console, live);

    private bool IsEmpty
    {
        get
        {
            lock (_lock) return _rows.Count == 0;
        }
    }

    /// <summary>Runs work that reports to a display.</summary>
    public static async Task<T> During<T>(IAnsiConsole console, Func<ProgressDisplay, Task<T>> work)
    {
        var display = new ProgressDisplay(console, console.Profile.Capabilities is { Interactive: true, Ansi: true } && console.Profile.Out.IsTerminal);
        if (!display._live) return await work(display);
        var running = work(display);
        // A live table that begins without rows would be drawn over the line above it.
        while (!running.IsCompleted && display.IsEmpty) await Task.WhenAny(running, Task.Delay(Refresh));
        if (display.IsEmpty) return await running;
        return await console.Live(display.Table()).StartAsync(async live =>
        {
            while (!running.IsCompleted)
            {
                live.UpdateTarget(display.Table());
                await Task.WhenAny(running, Task.Delay(Refresh));
            }
            live.UpdateTarget(display.Table());
            return await running;
        });
    }

    /// <summary>Adds a row, or replaces the one with the same key.</summary>
    public void Show(ProgressRow row)
    {
        lock (_lock)
        {
            var before = _rows.GetValueOrDefault(row.Key);
            _rows[row.Key] = row;
            if (!_live && WorthALine(before, row)) _console.Profile.Out.Writer.WriteLine(Line(row));
        }
    }

    /// <summary>The line that tells of a row where there is no terminal.</summary>
    public static string Line(ProgressRow row)
    {
        var score = row.Score is null ? "" : $", score {row.Score}";
        var left = row.Left is { Length: > 0 } time ? $", {time} left" : "";
        var percent = row.State == JobState.Running ? $" ({row.Fraction * 100:0} %)" : "";
        return $"{DateTime.Now:HH:mm:ss}  {row.Title}: {row.Now}{percent}{score}{left}";
    }

    private static bool WorthALine(ProgressRow? before, ProgressRow row) =>
        before is null || before.State != row.State || before.Progress?.Stage != row.Progress?.Stage
        || before.Progress?.Epoch != row.Progress?.Epoch;

    private Table Table()
    {
        lock (_lock)
            return ProgressTable.Of([.. _rows.Values], _console.Profile.Capabilities.Unicode, _console.Profile.Width);
    }
}
