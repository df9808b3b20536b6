using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Persistence;

/// <summary>Brings the database's schema to what this program knows; one node at a time, and harmless when run again.</summary>
internal sealed class SchemaMigrator(NpgsqlDataSource database, IDbContextFactory<JobsDbContext> contexts, ILogger<SchemaMigrator> log)
{
    /// <summary>The advisory lock that migrating nodes queue up for; any number that nothing else uses.</summary>
    private const long MigrationLock = 0x6b64_0001;

    /// <exception cref="SchemaTooNewException">A newer program has changed the schema.</exception>
    public async Task MigrateAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using (var version = new NpgsqlCommand("select current_setting('server_version_num')::int", connection))
        {
            if ((int)(await version.ExecuteScalarAsync(cancellation))! < 150_000)
                throw new InvalidOperationException($"PostgreSQL {connection.ServerVersion} given; the service needs 15 or later");
        }
        // Locked on this connection, while Entity Framework migrates over one of its own.
        await ExecuteAsync(connection, $"select pg_advisory_lock({MigrationLock})", cancellation);
        try
        {
            var known = Known();
            var applied = await AppliedAsync(connection, cancellation);
            var unknown = applied.Except(known).ToList();
            if (unknown.Count > 0) throw new SchemaTooNewException(unknown[^1], known[^1]);
            if (applied.Count == known.Count) return;
            await using var context = await contexts.CreateDbContextAsync(cancellation);
            await context.Database.MigrateAsync(cancellation);
            log.LogInformation("The schema is at {Migration}", known[^1]);
        }
        finally
        {
            await ExecuteAsync(connection, $"select pg_advisory_unlock({MigrationLock})", CancellationToken.None);
        }
    }

    /// <summary>The migrations of this program, oldest first; found without building the model, which a start with nothing to do never needs.</summary>
    private static List<string> Known() => [.. typeof(SchemaMigrator).Assembly.GetTypes()
        .Select(type => type.GetCustomAttributes(typeof(Microsoft.EntityFrameworkCore.Migrations.MigrationAttribute), false))
        .SelectMany(attributes => attributes.Cast<Microsoft.EntityFrameworkCore.Migrations.MigrationAttribute>())
        .Select(migration => migration.Id)
        .Order(StringComparer.Ordinal)];

    private static async Task<List<string>> AppliedAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var exists = new NpgsqlCommand("""select to_regclass('"__EFMigrationsHistory"') is not null""", connection);
        if (!(bool)(await exists.ExecuteScalarAsync(cancellation))!) return [];
        await using var history = new NpgsqlCommand("""select "MigrationId" from "__EFMigrationsHistory" order by 1""", connection);
        await using var reader = await history.ExecuteReaderAsync(cancellation);
        List<string> applied = [];
        while (await reader.ReadAsync(cancellation)) applied.Add(reader.GetString(0));
        return applied;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}

/// <summary>The database was migrated by a newer program.</summary>
public sealed class SchemaTooNewException(string found, string known)
    : Exception($"the database's schema is at {found}; this program knows it up to {known}: run the newer program, or restore a backup from before its upgrade")
{
    /// <summary>The newest migration in the database.</summary>
    public string Found { get; } = found;

    /// <summary>The newest migration of this program.</summary>
    public string Known { get; } = known;
}
