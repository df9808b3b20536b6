using System.Globalization;

namespace KdService.Jobs.Postgres;

/// <summary>What <c>postmaster.pid</c>, the lock file of a PostgreSQL cluster, says of the server that wrote it.</summary>
/// <param name="Process">The server's process.</param>
/// <param name="SharedMemory">The id of the System V segment to which it and all its children are attached; null before there is one.</param>
internal sealed record ServerFile(int Process, string? SharedMemory)
{
    private const string Name = "postmaster.pid";

    /// <summary>Whether the process is there, is PostgreSQL, and is not a corpse that its parent has yet to collect.</summary>
    public bool IsAlive
    {
        get
        {
            try
            {
                var status = File.ReadAllText($"/proc/{Process}/stat");
                return status.Contains("(postgres) ", StringComparison.Ordinal) && !status.Contains(") Z ", StringComparison.Ordinal);
            }
            catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException or IOException)
            {
                // Ended, which is the answer.
                return false;
            }
        }
    }

    /// <summary>Whether processes that the server started still work on the cluster.</summary>
    public bool HasChildren => SharedMemory is not null && File.ReadLines("/proc/sysvipc/shm").Skip(1)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Any(segment => segment[1] == SharedMemory && segment[6] != "0");

    /// <summary>Reads the file; null when there is none.</summary>
    public static ServerFile? Read(string cluster)
    {
        try
        {
            var lines = File.ReadAllLines(Path.Combine(cluster, Name));
            // Line 7 holds the segment's key and id.
            var segment = lines.Length > 6 ? lines[6].Split(' ', StringSplitOptions.RemoveEmptyEntries) : [];
            return new ServerFile(int.Parse(lines[0], CultureInfo.InvariantCulture), segment.Length == 2 ? segment[1] : null);
        }
        catch (FileNotFoundException)
        {
            // No server, which is the answer.
            return null;
        }
    }

    /// <summary>Removes the lock files of a server that is gone: that of its cluster, and that of its socket.</summary>
    public static void Delete(string cluster, string socketFolder)
    {
        File.Delete(Path.Combine(cluster, Name));
        File.Delete(Path.Combine(socketFolder, ".s.PGSQL.5432.lock"));
    }
}
