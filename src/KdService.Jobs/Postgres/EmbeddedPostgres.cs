using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Postgres;

/// <summary>
/// A private PostgreSQL cluster in the state directory, reached over a socket that only this user can enter. The server is a
/// daemon of its own: a service killed with SIGKILL leaves it whole, and the next start finds it running or recovers it.
/// Root's PostgreSQL runs as the user postgres; where that user cannot pass through to the state directory (below /root, say), the
/// cluster lies under <see cref="Elsewhere"/> instead.
/// </summary>
internal sealed class EmbeddedPostgres(KdOptions options, ILogger<EmbeddedPostgres> log)
{
    private const string User = "kd";
    private const string Database = "kd";
    private const int MaxConnections = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The longest path of a Unix socket, with the name PostgreSQL gives it.</summary>
    private const int LongestSocketFolder = 107 - 19;

    /// <summary>Parent of the clusters whose state directories the user postgres cannot reach.</summary>
    private const string Elsewhere = "/var/lib/kdservice";

    private string Home { get; } = HomeOf(options.StateDirectory);

    private string Cluster => Path.Combine(Home, "cluster");

    /// <summary>The address of the cluster that belongs to a state directory, whether it runs or not.</summary>
    public static string ConnectionStringFor(KdOptions options) => new NpgsqlConnectionStringBuilder
    {
        Host = SocketFolder(options),
        Username = User,
        Database = Database,
        // A server that refuses is starting or gone; the callers know what to do.
        Timeout = 10,
        MaxPoolSize = MaxConnections - 20,
    }.ConnectionString;

    /// <summary>Creates the cluster if it is not there, and starts it if it does not run.</summary>
    /// <exception cref="InvalidOperationException">PostgreSQL is missing or cannot work in the state directory; the message says what to do.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        var programs = PostgresPrograms.Find();
        await PrepareFoldersAsync(cancellation);
        if (!Directory.Exists(Cluster)) await InitialiseAsync(programs, cancellation);
        await RequireVersionAsync(programs, cancellation);
        if (await FindRunningAsync(cancellation))
        {
            log.LogInformation("The embedded PostgreSQL of an earlier run is still up; going on with it");
            return;
        }
        var watch = Stopwatch.StartNew();
        var configuration = Path.Combine(Cluster, "kd.conf");
        await File.WriteAllTextAsync(configuration, Configuration(), cancellation);
        await PostgresPrograms.GiveAsync(configuration, cancellation);
        var startLog = Path.Combine(Home, "server.log");
        try
        {
            await programs.RunAsync("pg_ctl", ["start", "-D", Cluster, "-l", startLog, "-w", "-t", "60", "-s"], cancellation);
        }
        catch (InvalidOperationException failed)
        {
            var tail = File.Exists(startLog) ? string.Join('\n', (await File.ReadAllLinesAsync(startLog, cancellation)).TakeLast(10)) : "";
            throw new InvalidOperationException($"the embedded PostgreSQL does not start: {failed.Message}\n{tail}", failed);
        }
        log.LogInformation("The embedded PostgreSQL {Version} is up after {Milliseconds} ms", programs.Version, watch.ElapsedMilliseconds);
    }

    /// <summary>Ends the server; connections that are left are cut, transactions that are open roll back.</summary>
    public async Task StopAsync()
    {
        if (ServerFile.Read(Cluster) is not { IsAlive: true }) return;
        await PostgresPrograms.Find().RunAsync("pg_ctl", ["stop", "-D", Cluster, "-m", "fast", "-w", "-t", "30", "-s"], CancellationToken.None);
    }

    /// <summary>Creates the service's database, once.</summary>
    public static async Task CreateDatabaseAsync(string connectionString, CancellationToken cancellation)
    {
        var maintenance = new NpgsqlConnectionStringBuilder(connectionString) { Database = "postgres", Pooling = false };
        await using var connection = new NpgsqlConnection(maintenance.ConnectionString);
        await connection.OpenAsync(cancellation);
        await using var exists = new NpgsqlCommand($"select exists (select from pg_database where datname = '{Database}')", connection);
        if ((bool)(await exists.ExecuteScalarAsync(cancellation))!) return;
        await using var create = new NpgsqlCommand($"create database {Database}", connection);
        await create.ExecuteNonQueryAsync(cancellation);
    }

    private static string SocketFolder(KdOptions options)
    {
        var folder = Path.Combine(HomeOf(options.StateDirectory), "socket");
        return Encoding.UTF8.GetByteCount(folder) <= LongestSocketFolder ? folder : Path.Combine("/tmp", $"kd-{ShortName(folder)}");
    }

    private static string HomeOf(string stateDirectory)
    {
        var home = Path.Combine(stateDirectory, "postgres");
        return !PostgresPrograms.SwitchesUser || Directory.Exists(Path.Combine(home, "cluster")) || OthersMayPass(stateDirectory)
            ? home
            : Path.Combine(Elsewhere, ShortName(stateDirectory));
    }

    /// <summary>Whether every folder on the way, as far as there is one, lets other users pass; what is yet to be made will.</summary>
    private static bool OthersMayPass(string folder)
    {
        for (var step = new DirectoryInfo(folder); step is not null; step = step.Parent)
            if (step.Exists && (step.UnixFileMode & UnixFileMode.OtherExecute) == 0) return false;
        return true;
    }

    private static string ShortName(string path) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..16];

    private async Task PrepareFoldersAsync(CancellationToken cancellation)
    {
        if (OperatingSystem.IsWindows()) throw new PlatformNotSupportedException("the embedded PostgreSQL needs Linux; set Kd:ConnectionString to a server of yours");
        foreach (var folder in new[] { Home, SocketFolder(options) }.Where(folder => !Directory.Exists(folder)))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            await PostgresPrograms.GiveAsync(folder, cancellation);
        }
        if (!PostgresPrograms.SwitchesUser) return;
        try
        {
            await PostgresPrograms.RunAsUserAsync(["test", "-w", Home], cancellation);
        }
        catch (InvalidOperationException refused)
        {
            throw new InvalidOperationException(
                $"PostgreSQL does not run as root but as the user postgres, who cannot enter {Home}; put Kd:StateDirectory elsewhere " +
                $"(/var/lib/kd, say), or let others pass through the folders above it (chmod o+x) and give {Home} to postgres", refused);
        }
    }

    private async Task InitialiseAsync(PostgresPrograms programs, CancellationToken cancellation)
    {
        // Under another name until it is complete: a start that was cut short leaves nothing that looks like a cluster.
        var unfinished = Cluster + ".new";
        if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
        await programs.RunAsync("initdb",
            ["-D", unfinished, "-U", User, "--auth=trust", "--encoding=UTF8", "--locale=C", "--data-checksums"], cancellation);
        await File.AppendAllTextAsync(Path.Combine(unfinished, "postgresql.conf"), "\ninclude 'kd.conf'\n", cancellation);
        Directory.Move(unfinished, Cluster);
        log.LogInformation("A PostgreSQL {Version} cluster was created in {Folder}", programs.Version, Cluster);
    }

    /// <summary>A cluster is only readable by the major version that made it.</summary>
    private async Task RequireVersionAsync(PostgresPrograms programs, CancellationToken cancellation)
    {
        var made = int.Parse((await File.ReadAllTextAsync(Path.Combine(Cluster, "PG_VERSION"), cancellation)).Trim(), CultureInfo.InvariantCulture);
        if (made != programs.Version)
            throw new InvalidOperationException($"{Cluster} was made by PostgreSQL {made} and {programs.Version} is installed; move it over with pg_upgrade, or install {made}");
    }

    /// <summary>
    /// Whether a server of an earlier run is up. One that is still starting or stopping is waited for; what one that died
    /// left behind is cleared away.
    /// </summary>
    private async Task<bool> FindRunningAsync(CancellationToken cancellation)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < Patience; await Task.Delay(50, cancellation))
        {
            if (ServerFile.Read(Cluster) is not { } server) return false;
            if (!server.IsAlive)
            {
                // Its number may be in use again, or its process unreaped: PostgreSQL would take either for the server.
                if (server.HasChildren) continue;
                ServerFile.Delete(Cluster, SocketFolder(options));
                return false;
            }
            if (await AnswersAsync(cancellation)) return true;
        }
        throw new InvalidOperationException($"a PostgreSQL of an earlier run holds {Cluster} and does not answer; end the process named in its postmaster.pid");
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellation)
    {
        try
        {
            await CreateDatabaseAsync(ConnectionStringFor(options), cancellation);
            return true;
        }
        catch (NpgsqlException)
        {
            // Starting, stopping, or not listening yet; the caller looks again.
            return false;
        }
    }

    private string Configuration() =>
        $"""
        # Written by the service at every start.
        listen_addresses = ''
        unix_socket_directories = '{SocketFolder(options).Replace("'", "''", StringComparison.Ordinal)}'
        unix_socket_permissions = 0700
        max_connections = {MaxConnections}
        shared_buffers = 64MB
        logging_collector = off
        log_min_messages = warning

        """;
}
