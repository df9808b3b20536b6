using System.CommandLine;
using KdService.Cli.Display;

namespace KdService.Cli.Commands;

/// <summary><c>kd docs</c>: prints the reference of the spec, from the same descriptions that validate it.</summary>
public static class DocsCommand
{
    /// <summary>The command; for those who change the schema, hence hidden.</summary>
    public static Command Create()
    {
        var command = new Command("docs", "Print docs/spec.md.") { Hidden = true };
        command.SetAction(_ => Terminal.Out.Profile.Out.Writer.Write(SpecReference.Markdown()));
        return command;
    }
}
