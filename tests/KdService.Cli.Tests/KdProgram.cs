using System.Diagnostics;

namespace KdService.Cli.Tests;

/// <summary>The program itself, as a user starts it.</summary>
public static class KdProgram
{
    /// <summary>The configuration's folder of another project's output, e.g. <c>KdService.Trainer</c>.</summary>
    public static string Output(string project)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return Path.Combine(own.Parent!.Parent!.FullName, project, own.Name);
    }

    /// <summary>The repository's root.</summary>
    public static string Root
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "KdService.sln"))) folder = folder.Parent ?? throw new InvalidOperationException("KdService.sln is not above the tests");
            return folder.FullName;
        }
    }

    /// <summary>Starts it.</summary>
    public static Process Start(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Output("KdService.Cli"), "kd"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in new[] { "KD_URL", "KD_API_KEY", "KD_DATA" }) start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int Status, string Output, string Error)> Run(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using var process = Start(environment, arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Runs it to its end.</summary>
    public static Task<(int Status, string Output, string Error)> Run(params string[] arguments) => Run(new Dictionary<string, string>(), arguments);
}
