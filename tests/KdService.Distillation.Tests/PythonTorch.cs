using System.Diagnostics;

namespace KdService.Distillation.Tests;

/// <summary>A test that needs a Python with PyTorch; skipped with a reason where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PythonTorchTheoryAttribute : TheoryAttribute
{
    public PythonTorchTheoryAttribute()
    {
        if (PythonTorch.Interpreter is null) Skip = "no python3 on this machine has PyTorch (Debian: apt-get install python3-torch)";
    }
}

internal static class PythonTorch
{
    /// <summary>The first interpreter that can import torch, or null.</summary>
    public static string? Interpreter { get; } = new[] { "python3", "/usr/bin/python3" }.FirstOrDefault(python => Try(python, "-c", "import torch").Code == 0);

    /// <summary>Runs a script of the folder <c>python</c>; gives what it prints.</summary>
    public static string Run(string script, params string[] arguments)
    {
        var (code, output, error) = Try(Interpreter!, [Path.Combine(AppContext.BaseDirectory, "python", script), .. arguments]);
        return code == 0 ? output : throw new InvalidOperationException($"{script} ended with {code}: {error}");
    }

    private static (int Code, string Output, string Error) Try(string python, params string[] arguments)
    {
        var start = new ProcessStartInfo(python) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-B", .. arguments]) start.ArgumentList.Add(argument);
        try
        {
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.Result);
        }
        // There is no such program: that is an answer here.
        catch (System.ComponentModel.Win32Exception e)
        {
            return (-1, "", e.Message);
        }
    }
}
