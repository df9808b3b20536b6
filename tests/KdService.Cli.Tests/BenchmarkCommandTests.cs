using KdService.Core.Benchmarks;
using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Core.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace KdService.Cli.Tests;

public sealed class BenchmarkCommandTests : IDisposable
{
    private const string Id = "01jtqw2m5p8r1t4v7x9z0b3d6f";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kd-cli-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Benchmark_OfAFile_IsSubmittedFollowedAndReported()
    {
        List<(string Key, string Body)> received = [];
        var looks = 0;
        await using var service = await StandInService.Start(app =>
        {
            app.MapPost("/v1/benchmarks", async (HttpRequest request) =>
            {
                using var body = new StreamReader(request.Body);
                received.Add((request.Headers["Idempotency-Key"].ToString(), await body.ReadToEndAsync()));
                return Results.Content(Json.Write(Benchmark(JobState.Queued)), "application/json", null, 201);
            });
            // The service is gone for a moment, as when it is restarted.
            app.MapGet("/v1/benchmarks/{id}", () => ++looks switch
            {
                1 => Results.Content(Json.Write(Benchmark(JobState.Running)), "application/json"),
                2 => Results.StatusCode(503),
                _ => Results.Content(Json.Write(Benchmark(JobState.Succeeded)), "application/json"),
            });
            app.MapGet("/v1/benchmarks/{id}/report", (string format) => Results.Text($"the {format} report"));
        });
        var file = Path.Combine(_folder.FullName, "benchmark.json");
        await File.WriteAllTextAsync(file, """{ "any": "thing" }""");
        var reports = Path.Combine(_folder.FullName, "reports");

        var (status, output, error) = await RunAsync(service, "benchmark", file, "--idempotency-key", "monday", "--out", reports);

        Assert.Equal(ExitCodes.Done, status);
        Assert.Equal([("monday", """{ "any": "thing" }""")], received);
        Assert.Contains($"benchmark {Id}: 2 jobs in 1 rows", error, StringComparison.Ordinal);
        Assert.Contains("small [nets]: 2 running", output, StringComparison.Ordinal);
        Assert.Contains("small [nets]: 2 succeeded", output, StringComparison.Ordinal);
        Assert.Contains("51.00 ± 1.41", output, StringComparison.Ordinal);
        Assert.Equal(["report.csv", "report.html", "report.json", "report.md"], Directory.GetFiles(reports).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal("the markdown report", await File.ReadAllTextAsync(Path.Combine(reports, "report.md")));
    }

    [Fact]
    public async Task Benchmark_OfAnIdWithAFailedJob_EndsWithStatus1AndSaysWhy()
    {
        await using var service = await StandInService.Start(app => app.MapGet("/v1/benchmarks/{id}", (string id) =>
            Results.Content(Json.Write(Benchmark(JobState.Failed) with { Id = id }), "application/json")));

        var (status, _, error) = await RunAsync(service, "benchmark", Id);

        Assert.Equal(ExitCodes.JobFailed, status);
        Assert.Contains("kd [t=4], seed 1 failed (diverged): the loss is NaN", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Benchmarks_AreListedWithTheirJobs()
    {
        await using var service = await StandInService.Start(app => app.MapGet("/v1/benchmarks", () =>
            Results.Content(Json.Write(new Page<BenchmarkView>([Benchmark(JobState.Running) with { Rows = null, Cells = null }], null)), "application/json")));

        var (status, output, error) = await RunAsync(service, "benchmarks");

        Assert.Equal((ExitCodes.Done, ""), (status, error));
        Assert.Matches($@"{Id}\s+small \[nets\]\s+running\s+2 running", output);
    }

    internal static BenchmarkView Benchmark(JobState state)
    {
        var jobs = new Dictionary<string, int> { [Json.Naming.ConvertName($"{state}")] = 2 };
        var failure = state == JobState.Failed ? new FailureView { Code = FailureCode.Diverged, Message = "the loss is NaN", Advice = "lower it" } : null;
        return new BenchmarkView
        {
            Id = Id,
            Name = "small [nets]",
            Status = state.IsTerminal() ? BenchmarkState.Finished : BenchmarkState.Running,
            Labels = new Dictionary<string, string>(),
            Baseline = "none",
            CreatedAt = DateTimeOffset.UtcNow,
            Jobs = jobs,
            Rows =
            [
                new BenchmarkRowView
                {
                    Label = "kd [t=4]",
                    Method = "kd",
                    Student = "resnet8",
                    Options = new Dictionary<string, System.Text.Json.JsonElement>(),
                    Jobs = jobs,
                    Best = state == JobState.Succeeded ? Spread.Of([0.5, 0.52]) : null,
                    Parameters = 78_042,
                    MultiplyAdds = 12_500_000,
                },
            ],
            Teachers = [],
            Cells = [.. new[] { 1L, 2 }.Select(seed => new BenchmarkCellView { Row = "kd [t=4]", Seed = seed, Job = StandInService.NewId(), Status = state, Failure = failure })],
        };
    }

    private static Task<(int Status, string Output, string Error)> RunAsync(StandInService service, params string[] arguments) =>
        KdProgram.Run(new Dictionary<string, string> { ["KD_URL"] = service.Address.ToString() }, arguments);
}
