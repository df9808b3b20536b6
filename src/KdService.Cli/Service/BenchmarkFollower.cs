using KdService.Core.Wire;

namespace KdService.Cli.Service;

/// <summary>Looks at a benchmark again and again until it has ended. A service that restarts does not end the watch.</summary>
public sealed class BenchmarkFollower(ServiceClient client)
{
    /// <summary>How long the service may be gone before following ends with the error.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Between two looks.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Follows a benchmark until it has ended, and returns it as it is then.</summary>
    /// <param name="id">The benchmark.</param>
    /// <param name="changed">Called with the benchmark as it is now and at every look.</param>
    /// <param name="cancel">Ends the watch; the benchmark goes on.</param>
    public async Task<BenchmarkView> Follow(string id, Action<BenchmarkView> changed, CancellationToken cancel)
    {
        var seenAt = DateTimeOffset.UtcNow;
        while (true)
        {
            try
            {
                var benchmark = await client.Benchmark(id, cancel);
                changed(benchmark);
                if (benchmark.Status is BenchmarkState.Finished or BenchmarkState.Cancelled) return benchmark;
                seenAt = DateTimeOffset.UtcNow;
            }
            catch (Exception lost) when (lost is ServiceUnreachableException or ServiceProblemException { Problem.Status: >= 500 } && DateTimeOffset.UtcNow - seenAt < Patience)
            {
                // It may come back; the benchmark goes on meanwhile, or when it does.
            }
            await Task.Delay(Interval, cancel);
        }
    }
}
