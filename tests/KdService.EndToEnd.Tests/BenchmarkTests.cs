using KdService.Core.Benchmarks;
using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Core.Wire;

namespace KdService.EndToEnd.Tests;

/// <summary>A benchmark, over HTTP, through real processes.</summary>
public class BenchmarkTests
{
    [Fact]
    public async Task Benchmark_WhoseServiceIsKilled_TrainsEveryCellAndItsTeacherOnce()
    {
        await using var service = await ServiceProcess.StartAsync();
        using var response = await service.PostAsync("/v1/benchmarks", """
            {"name": "two methods",
             "base": {"dataset": {"name": "procedural", "samples": 600, "test_samples": 200, "views": 1}, "teacher": {"model": "plane4"}, "student": {"model": "plane2"},
                      "training": {"epochs": 2, "batch_size": 64, "optimizer": {"name": "sgd", "learning_rate": 0.01}}, "resources": {"threads": 1, "max_attempts": 50}},
             "matrix": {"methods": ["none", "kd"], "seeds": [1, 2]}, "max_running": 2}
            """);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        var id = Json.Read<BenchmarkView>(await response.Content.ReadAsStringAsync()).Id;
        await service.KillAsync();
        await service.StartAgainAsync();

        var benchmark = await FinishedAsync(service, id);

        Assert.Equal(new Dictionary<string, int> { ["succeeded"] = 4 }, benchmark.Jobs);
        Assert.Equal((2, JobState.Succeeded), (Assert.Single(benchmark.Teachers!).Students, benchmark.Teachers![0].Status));
        Assert.Equal(5, (await service.GetAsync<Page<JobView>>("/v1/jobs")).Items.Count);
        var taught = benchmark.Rows!.Single(row => row.Method == "kd");
        Assert.Equal((ComparisonBasis.Bootstrap, 2), (taught.BestAgainstBaseline!.Basis, taught.BestAgainstBaseline.Pairs));
        // What the bootstrap sees of the predictions is what the trainers reported.
        Assert.Equal(taught.Best!.Mean - benchmark.Rows![0].Best!.Mean, taught.BestAgainstBaseline.Difference, 1e-9);
        Assert.Equal([1, 32], taught.Latency.Select(latency => latency.Batch));
    }

    private static async Task<BenchmarkView> FinishedAsync(ServiceProcess service, string id)
    {
        var giveUp = DateTimeOffset.UtcNow.AddSeconds(180);
        while (true)
        {
            var benchmark = await service.GetAsync<BenchmarkView>($"/v1/benchmarks/{id}");
            if (benchmark.Status == BenchmarkState.Finished) return benchmark;
            Assert.True(DateTimeOffset.UtcNow < giveUp, Json.Write(benchmark, indented: true));
            await Task.Delay(200);
        }
    }
}
