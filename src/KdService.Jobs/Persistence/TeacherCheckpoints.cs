using Npgsql;

namespace KdService.Jobs.Persistence;

/// <summary>The checkpoints of a finished job that students can follow: those of its last stage.</summary>
internal static class TeacherCheckpoints
{
    /// <summary>Checksums of the checkpoints by their epochs, rising.</summary>
    public static async Task<SortedDictionary<int, string>> OfAsync(NpgsqlConnection connection, string job, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            select epoch, sha256 from checkpoints join jobs on jobs.id = checkpoints.job_id
            where job_id = $1 and kind = 'epoch' and stage = jobs.plan -> 'stages' -> -1 ->> 'name'
            """, connection);
        command.Parameters.Add(new() { Value = job });
        var checkpoints = new SortedDictionary<int, string>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) checkpoints[reader.GetInt32(0)] = reader.GetString(1);
        return checkpoints;
    }
}
