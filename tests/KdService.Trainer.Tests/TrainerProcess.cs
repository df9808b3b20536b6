using System.Diagnostics;
using System.Runtime.InteropServices;
using KdService.Core.Runs;
using KdService.Core.Schema;

namespace KdService.Trainer.Tests;

/// <summary>One attempt: the real program over a work folder.</summary>
internal sealed partial class TrainerProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Task<string> _log;

    private TrainerProcess(ProcessStartInfo start)
    {
        _process = Process.Start(start)!;
        _log = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>The program's file.</summary>
    public static string Executable => Path.Combine(AppContext.BaseDirectory, "kd-trainer");

    /// <summary>What it has said so far.</summary>
    public List<TrainerEvent> Events { get; } = [];

    /// <summary>Its log; complete once it has ended.</summary>
    public string Log => _log.Result;

    /// <summary>Starts the trainer.</summary>
    public static TrainerProcess Start(params string[] arguments) => new(Redirected(Executable, arguments));

    /// <summary>Starts a shell.</summary>
    public static TrainerProcess StartShell(string script) => new(Redirected("bash", "-c", script));

    /// <summary>Reads events until one fits; all of them, to the end, if none does.</summary>
    /// <returns>The event, or null at the end of the output.</returns>
    public TrainerEvent? ReadUntil(Func<TrainerEvent, bool> fits)
    {
        while (ReadLine() is { } line)
        {
            // A line may be cut short by a kill; it then tells nothing.
            if (!line.EndsWith('}')) continue;
            var happened = Json.Read<TrainerEvent>(line);
            Events.Add(happened);
            if (fits(happened)) return happened;
        }
        return null;
    }

    /// <summary>Reads the next line as it is.</summary>
    public string? ReadLine()
    {
        var line = _process.StandardOutput.ReadLineAsync();
        Assert.True(line.Wait(Patience), $"the trainer said nothing for {Patience}; it last said {Events.LastOrDefault()}");
        return line.Result;
    }

    /// <summary>Reads to the end.</summary>
    /// <returns>The exit code.</returns>
    public int WaitForEnd()
    {
        ReadUntil(_ => false);
        Assert.True(_process.WaitForExit(Patience), $"the trainer closed its output and was still there after {Patience}");
        return _process.ExitCode;
    }

    /// <summary>Ends it at once, as a power cut would.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Asks it to stop.</summary>
    public void Terminate() => Assert.Equal(0, SendSignal(_process.Id, 15));

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private static ProcessStartInfo Redirected(string program, params string[] arguments) => new(program, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int process, int signal);
}
