using Microsoft.Extensions.Logging;

namespace KdService.Jobs.Worker;

/// <summary>The teachers' logits that trainers of this node keep for each other, as much of them as there is room for.</summary>
internal sealed class SignalCache(KdOptions options, ILogger<SignalCache> log)
{
    private const string Kept = ".safetensors";
    private const string Lock = ".lock";

    // What a trainer writes has a name of its own until it is whole; one that was killed leaves it behind.
    private static readonly TimeSpan WrittenWithin = TimeSpan.FromHours(1);

    /// <summary>
    /// Removes what was used longest ago until the rest fits. A trainer that wanted it computes it again; one that is reading it reads on.
    /// </summary>
    public void Trim()
    {
        if (!Directory.Exists(options.SignalCache)) return;
        // A trainer marks what it uses by the time of last writing. What has moved on since it was listed is no longer there.
        var files = new DirectoryInfo(options.SignalCache).EnumerateFiles("*", SearchOption.AllDirectories)
            .Where(file => file.Extension != Lock && file.Exists)
            .OrderByDescending(file => file.LastWriteTimeUtc)
            .ToList();
        var unfinished = DateTime.UtcNow - WrittenWithin;
        long total = 0, removed = 0;
        foreach (var file in files)
        {
            total += file.Length;
            if (total <= options.SignalCacheBytes) continue;
            if (file.Extension != Kept && file.LastWriteTimeUtc > unfinished) continue;
            removed += file.Length;
            file.Delete();
        }
        if (removed > 0) log.LogInformation("Removed {Megabytes} MB of teachers' logits that were used longest ago", removed >> 20);
    }
}
