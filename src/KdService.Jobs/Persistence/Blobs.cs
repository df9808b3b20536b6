using KdService.Core.Runs;
using KdService.Jobs.Queue;
using Npgsql;

namespace KdService.Jobs.Persistence;

/// <summary>
/// The database's references to bytes in the artifact store. Registering a reference and removing bytes without one take the
/// same lock per checksum, so that equal bytes of two jobs cannot be removed from under one of them.
/// </summary>
internal sealed class Blobs(NpgsqlDataSource database, ArtifactStore store)
{
    /// <summary>Registers a checkpoint in the caller's transaction.</summary>
    /// <returns>Checksums that it superseded, to release after the commit.</returns>
    public async Task<List<string>> RegisterAsync(NpgsqlConnection connection, AttemptName name, StoredFile<CheckpointWritten> file, CancellationToken cancellation)
    {
        await HoldAsync(connection, file.Sha256, file.Path, cancellation);
        await using var delete = new NpgsqlCommand(
            """
            delete from checkpoints where job_id = $1 and kind = $2 and ($2 = 'resume' or (model = $3 and step = $4)) returning sha256
            """, connection)
        {
            Parameters =
            {
                new() { Value = name.JobId },
                new() { Value = Words.Of(file.Event.Kind) },
                new() { Value = file.Event.Model },
                new() { Value = file.Event.Step },
            },
        };
        var superseded = await ReadAsync(delete, cancellation);
        await using var insert = new NpgsqlCommand(
            """
            insert into checkpoints (job_id, kind, model, stage, epoch, step, accuracy, sha256, bytes, attempt, created_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now())
            """, connection)
        {
            Parameters =
            {
                new() { Value = name.JobId },
                new() { Value = Words.Of(file.Event.Kind) },
                new() { Value = file.Event.Model },
                new() { Value = file.Event.Stage },
                new() { Value = file.Event.Epoch },
                new() { Value = file.Event.Step },
                new() { NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Double, Value = (object?)file.Event.Accuracy ?? DBNull.Value },
                new() { Value = file.Sha256 },
                new() { Value = file.Bytes },
                new() { Value = name.Number },
            },
        };
        await insert.ExecuteNonQueryAsync(cancellation);
        return superseded;
    }

    /// <summary>Registers an artifact in the caller's transaction.</summary>
    /// <returns>Checksums that it superseded, to release after the commit.</returns>
    public async Task<List<string>> RegisterAsync(NpgsqlConnection connection, AttemptName name, StoredFile<ArtifactWritten> file, CancellationToken cancellation)
    {
        await HoldAsync(connection, file.Sha256, file.Path, cancellation);
        await using var delete = new NpgsqlCommand("delete from artifacts where job_id = $1 and name = $2 returning sha256", connection)
        {
            Parameters = { new() { Value = name.JobId }, new() { Value = file.Event.Name } },
        };
        var superseded = await ReadAsync(delete, cancellation);
        await using var insert = new NpgsqlCommand(
            "insert into artifacts (job_id, name, media_type, sha256, bytes, attempt, created_at) values ($1, $2, $3, $4, $5, $6, now())", connection)
        {
            Parameters =
            {
                new() { Value = name.JobId },
                new() { Value = file.Event.Name },
                new() { Value = file.Event.MediaType },
                new() { Value = file.Sha256 },
                new() { Value = file.Bytes },
                new() { Value = name.Number },
            },
        };
        await insert.ExecuteNonQueryAsync(cancellation);
        return superseded;
    }

    /// <summary>Drops a job's resume checkpoint; a job that has succeeded needs it no more.</summary>
    public async Task ForgetResumeAsync(string jobId, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var delete = new NpgsqlCommand("delete from checkpoints where job_id = $1 and kind = 'resume' returning sha256", connection);
        delete.Parameters.Add(new() { Value = jobId });
        foreach (var sha256 in await ReadAsync(delete, cancellation)) await ReleaseAsync(sha256, cancellation);
    }

    /// <summary>Removes bytes that nothing refers to any more.</summary>
    public async Task ReleaseAsync(string sha256, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await LockAsync(connection, sha256, cancellation);
        await using var used = new NpgsqlCommand(
            """
            select exists (select from checkpoints where sha256 = $1) or exists (select from artifacts where sha256 = $1)
            or exists (select from models where facts -> 'files' @> jsonb_build_array(jsonb_build_object('sha256', $1::text)))
            """, connection);
        used.Parameters.Add(new() { Value = sha256 });
        if (!(bool)(await used.ExecuteScalarAsync(cancellation))!) store.Delete(sha256);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Makes sure that bytes are in the store and stay there until the transaction has registered them.</summary>
    public async Task HoldAsync(NpgsqlConnection connection, string sha256, string path, CancellationToken cancellation)
    {
        await LockAsync(connection, sha256, cancellation);
        // Equal bytes of another job may have been removed since these were put.
        if (store.Length(sha256) is null) await store.PutAsync(path, cancellation);
    }

    private static async Task LockAsync(NpgsqlConnection connection, string sha256, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select pg_advisory_xact_lock(hashtextextended($1, 0))", connection);
        command.Parameters.Add(new() { Value = sha256 });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task<List<string>> ReadAsync(NpgsqlCommand command, CancellationToken cancellation)
    {
        List<string> texts = [];
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) texts.Add(reader.GetString(0));
        return texts;
    }
}

/// <summary>A file that the trainer announced, after it went into the artifact store.</summary>
internal sealed record StoredFile<T>(T Event, string Path, string Sha256, long Bytes) where T : TrainerEvent;
