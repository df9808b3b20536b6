using System.Reflection;
using KdService.Core;
using KdService.Jobs.Lifecycle;
using KdService.Jobs.Persistence;
using KdService.Jobs.Queue;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Worker;

/// <summary>Who holds this worker's leases: the node, and this run of its process.</summary>
internal sealed class WorkerIdentity(KdOptions options)
{
    public string Node { get; } = options.NodeId;

    public string Holder { get; } = $"{options.NodeId}/{SortableId.New()}";
}

/// <summary>This host as a worker: cleans up after an earlier run, shows that it lives, and hands its jobs back when it stops.</summary>
internal sealed class WorkerNode(
    KdOptions options, WorkerIdentity identity, NpgsqlDataSource database, IJobEngine engine, AttemptRunner runner, WorkFolder folders,
    Recovery recovery, ILogger<WorkerNode> log) : BackgroundService, IHostedLifecycleService
{
    private LockFile? _lock;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        // Two workers of one name would each take the other's jobs for its own.
        _lock = LockFile.Take(options.WorkRoot + ".lock", $"another worker runs as {options.NodeId} in {options.StateDirectory}; stop it, or set Kd:NodeId");
        folders.RemoveLeftovers();
        var recovered = await recovery.RecoverOwnAsync(identity, cancellationToken);
        if (recovered > 0) log.LogInformation("Took up {Count} jobs that an earlier run of this node left", recovered);
        await ShowAsync(cancellationToken);
    }

    /// <summary>Before the queue and the database stop.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await engine.StandbyAsync(cancellationToken);
        await runner.StopAsync().WaitAsync(cancellationToken);
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        _lock?.Dispose();
        return Task.CompletedTask;
    }

    public override void Dispose()
    {
        _lock?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Heartbeat);
        while (await timer.WaitForNextTickAsync(stoppingToken).AsTask().ContinueWith(tick => tick.IsCompletedSuccessfully && tick.Result, TaskScheduler.Default))
        {
            try
            {
                await ShowAsync(stoppingToken);
            }
            catch (NpgsqlException unreachable)
            {
                log.LogWarning("Cannot show a sign of life now ({Reason})", unreachable.Message);
            }
        }
        await LeaveAsync();
    }

    private async Task ShowAsync(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            insert into nodes (id, host, lease_holder, slots, version, started_at, seen_at) values ($1, $2, $3, $4, $5, now(), now())
            on conflict (id) do update set seen_at = now(), host = excluded.host, slots = excluded.slots, version = excluded.version,
                lease_holder = excluded.lease_holder,
                started_at = case when nodes.lease_holder = excluded.lease_holder then nodes.started_at else excluded.started_at end
            """);
        command.Parameters.Add(new() { Value = identity.Node });
        command.Parameters.Add(new() { Value = Environment.MachineName });
        command.Parameters.Add(new() { Value = identity.Holder });
        command.Parameters.Add(JobRows.Document(options.Queues.ToDictionary(queue => queue.Key, queue => queue.Value.Count)));
        command.Parameters.Add(new() { Value = typeof(WorkerNode).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "" });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private async Task LeaveAsync()
    {
        await using var command = database.CreateCommand("delete from nodes where id = $1 and lease_holder = $2");
        command.Parameters.Add(new() { Value = identity.Node });
        command.Parameters.Add(new() { Value = identity.Holder });
        await command.ExecuteNonQueryAsync();
    }
}
