using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace KdService.Jobs.Worker;

/// <summary>One trainer: a process in a session of its own, so that a Ctrl-C meant for the service does not reach it.</summary>
internal sealed class TrainerProcess : IDisposable
{
    /// <summary>The file in the work folder by which a later worker finds a trainer that was left over.</summary>
    private const string IdentityFile = "trainer.pid";

    private readonly Process _process;

    private TrainerProcess(Process process) => _process = process;

    /// <summary>What the trainer says: events, one a line.</summary>
    public StreamReader Output => _process.StandardOutput;

    /// <summary>The trainer's log.</summary>
    public StreamReader Log => _process.StandardError;

    /// <summary>The exit code; 128 and the number of the signal that ended the process.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts the trainer in a work folder.</summary>
    /// <exception cref="Win32Exception">It cannot be started.</exception>
    public static async Task<TrainerProcess> StartAsync(string trainer, string folder, string device, int threads)
    {
        var start = new ProcessStartInfo("setsid", Command(trainer, folder))
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        SetEnvironment(start.Environment, device, threads);
        var process = await Launcher.StartAsync(start);
        await File.WriteAllTextAsync(Path.Combine(folder, IdentityFile), $"{process.Id} {StartTime(process.Id)}");
        return new TrainerProcess(process);
    }

    /// <summary>Kills the trainer that an earlier worker left in a work folder, if it still runs.</summary>
    public static void KillLeftover(string folder)
    {
        var file = Path.Combine(folder, IdentityFile);
        if (!File.Exists(file) || File.ReadAllText(file).Split(' ') is not [var id, var startTime]) return;
        // The number may belong to another process by now; together with its start time it cannot.
        if (int.TryParse(id, out var process) && StartTime(process) == startTime) _ = Posix.Kill(-process, Posix.SigKill);
    }

    /// <summary>Waits until the process has ended.</summary>
    public Task WaitAsync() => _process.WaitForExitAsync();

    /// <summary>Asks the trainer to write a checkpoint and leave.</summary>
    public void Terminate() => _ = Posix.Kill(_process.Id, Posix.SigTerm);

    /// <summary>Ends the trainer and whatever it started, at once.</summary>
    public void Kill() => _ = Posix.Kill(-_process.Id, Posix.SigKill);

    public void Dispose() => _process.Dispose();

    /// <summary>The kernel kills the trainer when the thread that started it ends, with SIGKILL of the worker too.</summary>
    private static IEnumerable<string> Command(string trainer, string folder)
    {
        string[] guard = ["setpriv", "--pdeathsig", "KILL", "--"];
        return trainer.EndsWith(".dll", StringComparison.Ordinal) ? [.. guard, "dotnet", trainer, folder] : [.. guard, trainer, folder];
    }

    private static void SetEnvironment(IDictionary<string, string?> environment, string device, int threads)
    {
        // The service's own settings hold secrets. OPENBLAS_CORETYPE, where a system presets it, hides the machine's real instruction set.
        foreach (var name in environment.Keys.Where(name => name.StartsWith("Kd__", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("ConnectionStrings", StringComparison.OrdinalIgnoreCase) || name is "OPENBLAS_CORETYPE" or "PGPASSWORD").ToList())
            environment.Remove(name);
        environment["OMP_NUM_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
        environment["CUDA_VISIBLE_DEVICES"] = device.StartsWith("cuda:", StringComparison.Ordinal) ? device["cuda:".Length..] : "";
    }

    /// <summary>When a process started, in clock ticks since the machine did; null if it does not run.</summary>
    private static string? StartTime(int process)
    {
        try
        {
            var status = File.ReadAllText($"/proc/{process}/stat");
            // The command's name, in brackets, may hold spaces; the start time is field 22.
            return status[(status.LastIndexOf(')') + 2)..].Split(' ')[19];
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException or IOException)
        {
            // Ended in the meantime, which is an answer.
            return null;
        }
    }

    /// <summary>Starts processes from one thread that lives as long as the worker: the kernel ends them with the thread that started them.</summary>
    private static class Launcher
    {
        private static readonly BlockingCollection<(ProcessStartInfo Start, TaskCompletionSource<Process> Started)> Orders = [];

        static Launcher() => new Thread(Run) { IsBackground = true, Name = "trainer launcher" }.Start();

        public static Task<Process> StartAsync(ProcessStartInfo start)
        {
            var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
            Orders.Add((start, started));
            return started.Task;
        }

        private static void Run()
        {
            foreach (var (start, started) in Orders.GetConsumingEnumerable())
            {
                try
                {
                    started.SetResult(Process.Start(start)!);
                }
                catch (Exception failed)
                {
                    // The caller's to judge, on the caller's thread.
                    started.SetException(failed);
                }
            }
        }
    }
}
