using Spectre.Console;

namespace KdService.Cli.Display;

/// <summary>Where people read.</summary>
public static class Terminal
{
    /// <summary>Standard output: results, tables, progress.</summary>
    public static IAnsiConsole Out { get; } = Create(Console.Out, Console.IsOutputRedirected);

    /// <summary>Standard error: what went wrong, and remarks that are no result.</summary>
    public static IAnsiConsole Error { get; } = Create(Console.Error, Console.IsErrorRedirected);

    /// <summary>Prints text as it is, without markup and without wrapping.</summary>
    public static void Say(this IAnsiConsole console, string text) => console.Profile.Out.Writer.WriteLine(text);

    private static IAnsiConsole Create(TextWriter writer, bool redirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        // A file or a pipe has no width: tables keep theirs.
        if (redirected) console.Profile.Width = 160;
        return console;
    }
}
