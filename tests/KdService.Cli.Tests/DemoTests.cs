using System.Diagnostics;

namespace KdService.Cli.Tests;

/// <summary><c>kd demo</c> with the real service, its PostgreSQL and the real trainer.</summary>
public sealed class DemoTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kd-cli-demo-");

    public DemoTests()
    {
        // PostgreSQL runs as a user of its own when this runs as root.
        if (OperatingSystem.IsLinux()) File.SetUnixFileMode(_folder.FullName, File.GetUnixFileMode(_folder.FullName) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
    }

    private Dictionary<string, string> Environment => new()
    {
        ["KD_SERVICE"] = Path.Combine(KdProgram.Output("KdService.Api"), "kd-service"),
        ["KD_TRAINER"] = Path.Combine(KdProgram.Output("KdService.Trainer"), "kd-trainer"),
        // Its state goes below this folder, so that whatever belongs to this demo can be told by its command line.
        ["TMPDIR"] = _folder.FullName,
    };

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("INT")]
    [InlineData("HUP")]
    public async Task Demo_StoppedInTheMiddleOfTraining_LeavesNothingRunningAndNoState(string signal)
    {
        using var demo = KdProgram.Start(Environment, "demo");
        while (await demo.StandardOutput.ReadLineAsync() is { } line && !line.Contains("plane2 alone: labels", StringComparison.Ordinal)) { }
        Assert.Contains(Running(), command => command.Contains("kd-trainer", StringComparison.Ordinal));
        Assert.Contains(Running(), command => command.Contains("postgres", StringComparison.Ordinal));

        using (Process.Start("kill", [$"-{signal}", $"{demo.Id}"])) { }
        await Task.WhenAll(demo.StandardOutput.ReadToEndAsync(), demo.StandardError.ReadToEndAsync());
        await demo.WaitForExitAsync();

        Assert.Equal(ExitCodes.Interrupted, demo.ExitCode);
        Assert.Empty(Running());
        Assert.Empty(Directory.GetFileSystemEntries(_folder.FullName));
    }

    [Fact]
    public async Task Demo_WhoseServiceDoesNotStart_ShowsTheEndOfItsLog()
    {
        var script = Path.Combine(_folder.FullName, "service");
        await File.WriteAllTextAsync(script, "#!/bin/sh\necho no PostgreSQL was found\nexit 78\n");
        if (OperatingSystem.IsLinux()) File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var (status, _, error) = await KdProgram.Run(new Dictionary<string, string>(Environment) { ["KD_SERVICE"] = script }, "demo");

        Assert.Equal(ExitCodes.Unavailable, status);
        Assert.Contains("the service ended at start", error, StringComparison.Ordinal);
        Assert.Contains("no PostgreSQL was found", error, StringComparison.Ordinal);
    }

    private List<string> Running() =>
        [.. Directory.GetDirectories("/proc").Where(process => int.TryParse(Path.GetFileName(process), out _)).Select(CommandLineOf).Where(command => command.Contains(_folder.FullName, StringComparison.Ordinal))];

    private static string CommandLineOf(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (IOException)
        {
            // It ended between the two looks.
            return "";
        }
    }
}
