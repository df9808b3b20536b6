using System.Runtime.InteropServices;

namespace KdService.EndToEnd.Tests;

/// <summary>Other processes, as /proc and signals show them.</summary>
internal static partial class Processes
{
    private const int SigKill = 9;
    private const int SigTerm = 15;

    /// <summary>Ids of the processes whose command line satisfies a condition.</summary>
    public static List<int> Find(Func<string, bool> commandLine)
    {
        var found = new List<int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var pid) || pid == Environment.ProcessId) continue;
            try
            {
                if (commandLine(File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' '))) found.Add(pid);
            }
            catch (IOException)
            {
                // It ended while we looked.
            }
        }
        return found;
    }

    public static void Kill(int pid) => _ = Signal(pid, SigKill);

    public static void Terminate(int pid) => _ = Signal(pid, SigTerm);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int pid, int signal);
}
