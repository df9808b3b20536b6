using KdService.Jobs.Persistence;
using KdService.Jobs.Queue;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace KdService.Jobs;

/// <summary>Whether this node can do its work: the database answers, its schema is ours, and the queue runs.</summary>
public sealed class ReadinessCheck : IHealthCheck
{
    private readonly NpgsqlDataSource _database;
    private readonly Database _schema;
    private readonly IJobEngine _engine;

    internal ReadinessCheck(NpgsqlDataSource database, Database schema, IJobEngine engine) =>
        (_database, _schema, _engine) = (database, schema, engine);

    /// <inheritdoc />
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (!_schema.IsMigrated) return HealthCheckResult.Unhealthy("the database's schema is not there yet");
        try
        {
            await using var ping = _database.CreateCommand("select 1");
            await ping.ExecuteScalarAsync(cancellationToken);
        }
        catch (NpgsqlException unreachable)
        {
            return HealthCheckResult.Unhealthy("the database does not answer", unreachable);
        }
        return _engine.IsRunning ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("the queue has not started");
    }
}
