using System.ComponentModel;
using System.Diagnostics;

namespace KdService.Jobs.Postgres;

/// <summary>The programs of a PostgreSQL installation, run as a user that PostgreSQL accepts: it refuses root.</summary>
internal sealed class PostgresPrograms(string folder, int version)
{
    private const string Installations = "/usr/lib/postgresql";
    private const string User = "postgres";
    private const int OldestSupported = 15;

    /// <summary>Major version.</summary>
    public int Version { get; } = version;

    /// <summary>Whether the programs run as another user than this process.</summary>
    public static bool SwitchesUser { get; } = Posix.EffectiveUser() == 0;

    /// <summary>Finds the newest installation.</summary>
    /// <exception cref="InvalidOperationException">There is none that is new enough.</exception>
    public static PostgresPrograms Find()
    {
        var found = (Directory.Exists(Installations) ? Directory.GetDirectories(Installations) : [])
            .Select(path => (Folder: Path.Combine(path, "bin"), Version: int.TryParse(Path.GetFileName(path), out var major) ? major : 0))
            .Where(candidate => candidate.Version >= OldestSupported && File.Exists(Path.Combine(candidate.Folder, "initdb")))
            .OrderByDescending(candidate => candidate.Version)
            .FirstOrDefault();
        return found.Folder is not null
            ? new PostgresPrograms(found.Folder, found.Version)
            : throw new InvalidOperationException(
                $"no PostgreSQL {OldestSupported} or later under {Installations}; install it (apt install postgresql), or set Kd:ConnectionString to a server of yours");
    }

    /// <summary>Runs one of the programs to its end.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it printed.</exception>
    public Task RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellation) =>
        RunAsUserAsync([Path.Combine(folder, program), .. arguments], cancellation);

    /// <summary>Runs a command to its end as the user that owns the cluster.</summary>
    public static async Task RunAsUserAsync(IReadOnlyList<string> command, CancellationToken cancellation)
    {
        var (exitCode, output) = await ExecuteAsync(
            SwitchesUser ? ["setpriv", $"--reuid={User}", $"--regid={User}", "--init-groups", .. command] : command, cancellation);
        if (exitCode != 0) throw new InvalidOperationException($"{Path.GetFileName(command[0])} failed with exit code {exitCode}: {output}");
    }

    /// <summary>Makes the cluster's user the owner of a folder.</summary>
    public static async Task GiveAsync(string path, CancellationToken cancellation)
    {
        if (!SwitchesUser) return;
        var (exitCode, output) = await ExecuteAsync(["chown", $"{User}:{User}", path], cancellation);
        if (exitCode != 0) throw new InvalidOperationException($"cannot make {User} the owner of {path}: {output}");
    }

    private static async Task<(int ExitCode, string Output)> ExecuteAsync(IReadOnlyList<string> command, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        try
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return (process.ExitCode, (await output + await errors).Trim());
        }
        catch (Win32Exception missing)
        {
            throw new InvalidOperationException($"cannot run {command[0]}: {missing.Message}", missing);
        }
    }
}
