using System.Diagnostics;
using KdService.Jobs.Postgres;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace KdService.Jobs.Tests.Support;

/// <summary>One throw-away PostgreSQL cluster for all tests of the assembly, and a database for whoever asks.</summary>
internal static class TestCluster
{
    private static readonly Lazy<Task<string>> Server = new(StartAsync);

    // Its input stays open until this process is gone.
    private static Process? Remover;

    /// <summary>A new, empty database.</summary>
    public static async Task<string> CreateDatabaseAsync()
    {
        var settings = new NpgsqlConnectionStringBuilder(await Server.Value);
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        settings.Database = $"test_{Guid.NewGuid():n}";
        await using var create = new NpgsqlCommand($"create database {settings.Database}", connection);
        await create.ExecuteNonQueryAsync();
        return settings.ConnectionString;
    }

    public static KdOptions Options(string stateDirectory, params (string Key, string Value)[] more) => KdOptions.From(new ConfigurationBuilder()
        .AddInMemoryCollection(more.Append(("StateDirectory", stateDirectory)).ToDictionary(pair => $"Kd:{pair.Item1}", pair => (string?)pair.Item2))
        .Build());

    private static async Task<string> StartAsync()
    {
        var folder = new TestFolder();
        var options = Options(folder.Path);
        var postgres = new EmbeddedPostgres(options, NullLogger<EmbeddedPostgres>.Instance);
        await postgres.StartAsync(CancellationToken.None);
        RemoveAtTheEnd(folder.Path);
        var address = new NpgsqlConnectionStringBuilder(EmbeddedPostgres.ConnectionStringFor(options)) { Database = "postgres", Pooling = false };
        await using var connection = new NpgsqlConnection(address.ConnectionString);
        await connection.OpenAsync();
        // What a power cut would do is not what these tests are about.
        foreach (var setting in new[] { "alter system set fsync = off", "alter system set synchronous_commit = off", "select pg_reload_conf()" })
        {
            await using var command = new NpgsqlCommand(setting, connection);
            await command.ExecuteNonQueryAsync();
        }
        address.Pooling = true;
        // Connections go when a test is done with them, so that many tests fit into the server.
        address.ConnectionIdleLifetime = 5;
        address.ConnectionPruningInterval = 5;
        address.MaxPoolSize = 15;
        return address.ConnectionString;
    }

    // Test hosts are killed as often as they end: a shell waits for the end of a pipe that this process holds, and then clears away.
    private static void RemoveAtTheEnd(string folder)
    {
        const string Script = """
            cat >/dev/null
            server=$(head -n 1 "$0/postgres/cluster/postmaster.pid") && kill -QUIT "$server"
            while kill -0 "$server"; do sleep 0.1; done
            rm -rf "$0"
            """;
        Remover = Process.Start(new ProcessStartInfo("setsid", ["--fork", "sh", "-c", $"exec >/dev/null 2>&1; {Script}", folder]) { RedirectStandardInput = true })!;
        Remover.WaitForExit();
    }
}

/// <summary>A folder that goes with its test. Others may pass through it, as PostgreSQL's user must.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateDirectory(
        System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"kd-{Guid.NewGuid().ToString("n")[..12]}")).FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
    }
}
