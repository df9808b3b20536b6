using KdService.Core.Datasets;
using KdService.Core.Schema;
using KdService.Core.Specs;
using Npgsql;

namespace KdService.Jobs.Persistence;

/// <summary>The checkpoints of a finished job that students can follow: those of its last stage.</summary>
internal static class TeacherCheckpoints
{
    /// <summary>What the plans of a finished job's students need to know of it.</summary>
    public static async Task<TeacherFacts> FactsAsync(NpgsqlConnection connection, string job, string architecture, CancellationToken cancellation)
    {
        var checkpoints = await OfAsync(connection, job, cancellation);
        await using var command = new NpgsqlCommand("select plan -> 'dataset' -> 'imported' from jobs where id = $1", connection);
        command.Parameters.Add(new() { Value = job });
        var vocabulary = await command.ExecuteScalarAsync(cancellation) as string;
        return new TeacherFacts(architecture, [.. checkpoints.Keys]) { Vocabulary = vocabulary is null ? null : Json.Read<ImportedVocabulary>(vocabulary) };
    }

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
