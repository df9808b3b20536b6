using KdService.Core.Wire;

namespace KdService.Cli.Service;

public sealed partial class ServiceClient
{
    /// <summary>Submits a benchmark. Sending the same key again gives the same benchmark.</summary>
    public async Task<BenchmarkView> SubmitBenchmark(ReadOnlyMemory<byte> document, string idempotencyKey, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/benchmarks") { Content = JsonBody(document) };
        request.Headers.Add("Idempotency-Key", idempotencyKey);
        return await Read<BenchmarkView>(request, cancel);
    }

    /// <summary>One benchmark with its table.</summary>
    public Task<BenchmarkView> Benchmark(string id, CancellationToken cancel) => Get<BenchmarkView>($"v1/benchmarks/{Segment(id)}", cancel);

    /// <summary>Benchmarks, newest first, as many as asked for.</summary>
    public async Task<IReadOnlyList<BenchmarkView>> Benchmarks(int limit, CancellationToken cancel)
    {
        List<BenchmarkView> benchmarks = [];
        string? cursor = null;
        do
        {
            var page = await Get<Page<BenchmarkView>>($"v1/benchmarks?limit={Math.Min(limit - benchmarks.Count, 100)}{(cursor is null ? "" : $"&cursor={cursor}")}", cancel);
            benchmarks.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null && benchmarks.Count < limit);
        return benchmarks;
    }

    /// <summary>Cancels a benchmark's jobs and submits no more.</summary>
    public async Task<BenchmarkView> CancelBenchmark(string id, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"v1/benchmarks/{Segment(id)}/cancel");
        return await Read<BenchmarkView>(request, cancel);
    }

    /// <summary>A benchmark's report in one of its forms: <c>json</c>, <c>csv</c>, <c>markdown</c> or <c>html</c>.</summary>
    public async Task<byte[]> BenchmarkReport(string id, string format, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"v1/benchmarks/{Segment(id)}/report?format={format}");
        using var response = await Open(request, cancel);
        return await response.Content.ReadAsByteArrayAsync(cancel);
    }
}
