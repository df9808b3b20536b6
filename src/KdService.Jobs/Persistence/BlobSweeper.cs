using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Persistence;

/// <summary>Removes bytes that a worker put into the artifact store and, killed in between, never registered.</summary>
internal sealed class BlobSweeper(ArtifactStore store, Blobs blobs, NpgsqlDataSource database, ILogger<BlobSweeper> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromDays(1);

    /// <summary>Removes what is older than a moment and that nothing refers to.</summary>
    /// <returns>How many were removed.</returns>
    public async Task<int> SweepAsync(DateTime olderThan, CancellationToken cancellation)
    {
        var removed = 0;
        foreach (var candidates in store.ListOlderThan(olderThan).Chunk(1000))
        {
            foreach (var sha256 in await UnreferencedAsync(candidates, cancellation))
            {
                // Looks again, under the lock of those who register.
                await blobs.ReleaseAsync(sha256, cancellation);
                removed++;
            }
        }
        return removed;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    var removed = await SweepAsync(DateTime.UtcNow - Interval, stoppingToken);
                    if (removed > 0) log.LogInformation("Removed {Count} files that nothing refers to from the artifact store", removed);
                }
                catch (Exception failed) when (failed is NpgsqlException or IOException)
                {
                    log.LogWarning("Cannot sweep the artifact store now ({Reason})", failed.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private async Task<List<string>> UnreferencedAsync(string[] candidates, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            select sha256 from unnest($1) as candidate (sha256) except (select sha256 from checkpoints union all select sha256 from artifacts
            union all select file ->> 'sha256' from models, jsonb_array_elements(facts -> 'files') as file)
            """);
        command.Parameters.Add(new() { Value = candidates });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<string> unreferenced = [];
        while (await reader.ReadAsync(cancellation)) unreferenced.Add(reader.GetString(0));
        return unreferenced;
    }
}
