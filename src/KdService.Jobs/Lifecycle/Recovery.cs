using KdService.Core.Jobs;
using KdService.Jobs.Persistence;
using KdService.Jobs.Worker;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Lifecycle;

/// <summary>Ends attempts whose worker is gone, so that another goes on from the last checkpoint.</summary>
internal sealed class Recovery(NpgsqlDataSource database, JobTransactions transactions, JobLifecycle lifecycle, ILogger<Recovery> log)
{
    /// <summary>Attempts of earlier runs of this node. Its lock is held and its trainers are dead, so no lease need expire.</summary>
    public Task<int> RecoverOwnAsync(WorkerIdentity identity, CancellationToken cancellation) =>
        RecoverAsync("node = $1 and lease_holder <> $2", [new() { Value = identity.Node }, new() { Value = identity.Holder }], cancellation);

    /// <summary>Attempts whose lease has expired. Unreachable is not failed: nothing else ends another node's attempt.</summary>
    public Task<int> RecoverExpiredAsync(CancellationToken cancellation) => RecoverAsync("lease_until < now()", [], cancellation);

    private async Task<int> RecoverAsync(string condition, NpgsqlParameter[] parameters, CancellationToken cancellation)
    {
        List<(string Id, int Attempt, int Limit, string Node)> lost = [];
        await using (var command = database.CreateCommand(
            $"select id, attempt, attempt_limit, node from jobs where state in ('running', 'pausing', 'cancelling') and {condition} order by id"))
        {
            command.Parameters.AddRange(parameters);
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation)) lost.Add((reader.GetString(0), reader.GetInt32(1), reader.GetInt32(2), reader.GetString(3)));
        }
        var recovered = 0;
        foreach (var (id, attempt, limit, node) in lost)
        {
            var message = $"the worker on {node} is gone";
            var ended = new Change { Attempt = attempt, Reason = message };
            var state = await transactions.RunAsync(connection => attempt < limit
                ? lifecycle.ApplyAsync(connection, id, JobTrigger.Requeue, ended, cancellation)
                : lifecycle.ApplyAsync(connection, id, JobTrigger.Fail,
                    ended with { Failure = Failures.Of(FailureCode.TrainerCrashed, $"{message}, and all {attempt} attempts are used up") }, cancellation), cancellation);
            // Null: its worker, or another reconciler, was quicker.
            if (state is null) continue;
            recovered++;
            log.LogWarning("Job {JobId}, attempt {Attempt}: {Message}; the job is {State}", id, attempt, message, state);
        }
        return recovered;
    }
}
