using KdService.Jobs.Queue;
using Npgsql;

namespace KdService.Jobs.Persistence;

/// <summary>Runs work that changes job rows and the queue together: both commit, or neither.</summary>
internal sealed class JobTransactions(NpgsqlDataSource database, IJobEngine engine)
{
    private const int Attempts = 4;

    /// <summary>Runs <paramref name="work"/> in a transaction and commits it; again, when it lost a deadlock.</summary>
    public async Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(cancellation);
                await using var transaction = await connection.BeginTransactionAsync(cancellation);
                using (engine.Enlist(transaction))
                {
                    var result = await work(connection);
                    await transaction.CommitAsync(cancellation);
                    return result;
                }
            }
            // The queue wraps what its own statements meet.
            catch (Exception conflict) when (attempt < Attempts && (conflict as PostgresException ?? conflict.InnerException as PostgresException)
                is { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure })
            {
                // PostgreSQL rolled this one back so that the other could go on; nothing of it remains.
            }
        }
    }
}
