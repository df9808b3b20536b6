using KdService.Jobs.Postgres;
using KdService.Jobs.Queue;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Persistence;

/// <summary>Brings the database up before anything else of the service starts, and takes it down after everything else has stopped.</summary>
internal sealed class Database(
    KdOptions options, EmbeddedPostgres postgres, SchemaMigrator migrator, QuartzEngine engine, NpgsqlDataSource database, ILogger<Database> log)
    : IHostedLifecycleService, IAsyncDisposable
{
    /// <summary>Held while the embedded PostgreSQL is this process's to stop.</summary>
    private LockFile? _ownership;

    /// <summary>The pool of connections that the whole service shares.</summary>
    public static NpgsqlDataSource CreatePool(KdOptions options)
    {
        var settings = new NpgsqlConnectionStringBuilder(options.ConnectionString ?? EmbeddedPostgres.ConnectionStringFor(options));
        settings.ApplicationName ??= $"kd {options.NodeId}";
        // Who listens for changes would never notice that the other end is gone.
        if (settings.KeepAlive == 0) settings.KeepAlive = 30;
        // Statements that come again and again are planned once a connection.
        if (settings.MaxAutoPrepare == 0) settings.MaxAutoPrepare = 64;
        return new NpgsqlDataSourceBuilder(settings.ConnectionString) { Name = "kd" }.Build();
    }

    /// <summary>Whether the schema is there.</summary>
    public bool IsMigrated { get; private set; }

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (options.ConnectionString is null)
        {
            _ownership = LockFile.Take(Path.Combine(options.StateDirectory, "postgres.lock"),
                $"another service runs in {options.StateDirectory}; stop it, or set Kd:StateDirectory, or give both one Kd:ConnectionString");
            await postgres.StartAsync(cancellationToken);
            await EmbeddedPostgres.CreateDatabaseAsync(EmbeddedPostgres.ConnectionStringFor(options), cancellationToken);
        }
        await migrator.MigrateAsync(cancellationToken);
        IsMigrated = true;
        await engine.InitialiseAsync(cancellationToken);
    }

    /// <summary>Stops the embedded PostgreSQL.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        if (_ownership is null) return;
        database.Clear();
        await postgres.StopAsync();
        _ownership.Dispose();
        _ownership = null;
        log.LogInformation("The embedded PostgreSQL is down");
    }

    /// <summary>A host that fails to start, or is told to stop meanwhile, disposes its services without stopping them.</summary>
    public async ValueTask DisposeAsync() => await StoppedAsync(CancellationToken.None);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
