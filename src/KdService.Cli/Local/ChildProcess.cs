using System.Diagnostics;
using System.Runtime.InteropServices;

namespace KdService.Cli.Local;

/// <summary>
/// A program started in a session of its own. Ctrl-C on the terminal reaches only <c>kd</c>, which then asks the program to stop;
/// if it does not, its whole process group is ended.
/// </summary>
public sealed partial class ChildProcess : IAsyncDisposable
{
    private const int SigTerm = 15;
    private const int SigKill = 9;
    private readonly Process _process;
    private readonly TimeSpan _grace;

    private ChildProcess(Process process, TimeSpan grace) => (_process, _grace) = (process, grace);

    /// <summary>What the program prints.</summary>
    public StreamReader Output => _process.StandardOutput;

    /// <summary>What the program logs.</summary>
    public StreamReader Error => _process.StandardError;

    /// <summary>Its process id, which is its process group's too.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Starts a program.</summary>
    /// <param name="executable">Its file.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="grace">How long it may take to stop when asked.</param>
    /// <param name="environment">Variables to set on top of this process's; null removes one.</param>
    /// <param name="log">A file that takes all the program prints, also after this process has ended; null to read it here.</param>
    /// <exception cref="CommandFailedException">It cannot be started.</exception>
    public static ChildProcess Start(
        string executable, IEnumerable<string> arguments, TimeSpan grace, IReadOnlyDictionary<string, string?>? environment = null, string? log = null)
    {
        string[] toLog = log is null ? [] : ["sh", "-c", "log=$0; exec \"$@\" >>\"$log\" 2>&1", log];
        // setsid does not fork here, for a child of ours leads no group yet, and sh gives way: the id is the program's own.
        var start = new ProcessStartInfo("setsid", [.. toLog, executable, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>()) start.Environment[name] = value;
        try
        {
            var process = Process.Start(start)!;
            process.StandardInput.Close();
            return new ChildProcess(process, grace);
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new CommandFailedException($"setsid cannot be started ({missing.Message}); it belongs to the package util-linux");
        }
    }

    /// <summary>Waits for its end and returns its exit status; above 128, it died of the signal that is left.</summary>
    public async Task<int> WaitForExit(CancellationToken cancel)
    {
        await _process.WaitForExitAsync(cancel);
        return _process.ExitCode;
    }

    /// <summary>Asks the program to stop, and ends its group if it has not within the grace period.</summary>
    public async Task Stop()
    {
        Signal(_process.Id, SigTerm);
        using var patience = new CancellationTokenSource(_grace);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            // It did not heed the request in time; what remains of it is ended below.
        }
        Signal(-_process.Id, SigKill);
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await Stop();
        _process.Dispose();
    }

    // A process or group that is gone already is no error: the aim was that it be gone.
    private static void Signal(int id, int signal) => _ = Kill(id, signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int id, int signal);
}
