using System.Net;
using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Core.Wire;

namespace KdService.Api.Tests;

/// <summary>Benchmarks over HTTP.</summary>
[Collection(nameof(Service))]
public sealed class BenchmarkTests(Service service)
{
    private const string Markup = "<script>alert(1)</script>";

    [Fact]
    public async Task Submission_WithAKey_IsOneBenchmarkHoweverOftenItIsSent()
    {
        var key = $"benchmark-{Guid.NewGuid():n}";
        using var first = await PostAsync(Document(Service.Parked), key);
        using var second = await PostAsync(Document(Service.Parked), key);
        using var other = await PostAsync(Document(Service.Parked, seeds: "[1]"), key);

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
        var benchmark = await Service.ReadAsync<BenchmarkView>(first);
        Assert.Equal(benchmark.Id, (await Service.ReadAsync<BenchmarkView>(second)).Id);
        Assert.Equal($"/v1/benchmarks/{benchmark.Id}", $"{first.Headers.Location}");
        Assert.Equal("true", Assert.Single(second.Headers.GetValues("Idempotent-Replayed")));
        await Service.ProblemAsync(other, 409, "idempotency-conflict");
        Assert.Equal((BenchmarkState.Running, 2, 4), (benchmark.Status, benchmark.Rows!.Count, benchmark.Cells!.Count));
    }

    [Fact]
    public async Task Problems_OfEveryCell_NameTheirPlaces()
    {
        foreach (var path in new[] { "/v1/benchmarks", "/v1/benchmarks/validate" })
        {
            using var response = await service.Http.PostAsync(path, Service.Json("""
                {"name": "x", "base": {"dataset": {"name": "procedural"}, "student": {"model": "resnet8"}},
                 "matrix": {"methods": ["none", "kd", {"name": "kd", "temperature": 0, "label": "cold"}]}}
                """));
            var problem = await Service.ProblemAsync(response, 422, "invalid-document");
            Assert.Equal(["/base/teacher", "/matrix/methods/2/temperature"], problem.Errors!.Select(error => error.Pointer).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task Benchmark_FillsItsTableAndEndsFinished()
    {
        var benchmark = await RunAsync(service);

        Assert.Equal(new Dictionary<string, int> { ["succeeded"] = 4 }, benchmark.Jobs);
        Assert.Equal(["none", Markup], benchmark.Rows!.Select(row => row.Label));
        Assert.All(benchmark.Rows!, row => Assert.Equal((2, 0.5), (row.Best!.N, row.Best.Mean)));
        Assert.Equal(4, (await service.GetAsync<Page<JobView>>($"/v1/jobs?label=benchmark:{benchmark.Id}")).Items.Count);
        Assert.Contains((await service.GetAsync<Page<BenchmarkView>>("/v1/benchmarks")).Items, item => item.Id == benchmark.Id && item.Rows is null);
    }

    [Fact]
    public async Task Report_InEveryForm_HasTheNumbersAndTakesNamesForText()
    {
        var benchmark = await RunAsync(service);
        var report = $"/v1/benchmarks/{benchmark.Id}/report";

        var csv = await TextAsync("?format=csv", "text/csv");
        Assert.Equal(3, csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
        var (titles, cells) = (csv.Split("\r\n")[0].Split(','), csv.Split("\r\n")[2].Split(','));
        Assert.Equal((Markup, "0.5", "2", "0", "78042"), (cells[0], cells[Array.IndexOf(titles, "best_mean")], cells[Array.IndexOf(titles, "succeeded")], cells[Array.IndexOf(titles, "best_difference")], cells[Array.IndexOf(titles, "parameters")]));

        var markdown = await TextAsync("?format=markdown", "text/markdown");
        Assert.Contains("| none | 2 | 50.00 ± 0.00 | 50.00 ± 0.00 |", markdown, StringComparison.Ordinal);
        Assert.Contains("| none | 50.00 ± 0.00 | 50.00 ± 0.00 |", markdown, StringComparison.Ordinal);
        Assert.Contains("| none | on cr | accuracy | 50.00 ± 0.00 | 75.00 ± 0.00 | 10.00 ± 0.00 |", markdown, StringComparison.Ordinal);
        Assert.Contains("on cr: score_mean", titles);
        Assert.Contains(@"\<script\>", markdown, StringComparison.Ordinal);
        Assert.DoesNotContain(Markup, markdown, StringComparison.Ordinal);

        var html = await TextAsync("?format=html", "text/html");
        Assert.Contains("&lt;script&gt;", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        // Both rows are as accurate.
        Assert.Contains("nothing gains on none; the nearest: ", html, StringComparison.Ordinal);
        Assert.DoesNotContain("http", html.Replace("http-equiv", "", StringComparison.Ordinal), StringComparison.Ordinal);
        var page = html.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal).Replace("<meta charset=\"utf-8\">", "", StringComparison.Ordinal);
        Assert.All(System.Text.RegularExpressions.Regex.Matches(page, "<svg.*?</svg>", System.Text.RegularExpressions.RegexOptions.Singleline), svg => System.Xml.Linq.XElement.Parse(svg.Value));

        Assert.Equal(Json.Write(benchmark), Json.Write(await service.GetAsync<BenchmarkView>(report)));
        Assert.Equal(html, await TextAsync("", "text/html", "text/html,application/xhtml+xml,*/*;q=0.8"));
        Assert.Equal(csv, await TextAsync("", "text/csv", "text/html;q=0.1, text/csv"));

        async Task<string> TextAsync(string query, string type, string? accept = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, report + query);
            if (accept is not null) request.Headers.Add("Accept", accept);
            using var response = await service.Http.SendAsync(request);
            Assert.Equal((HttpStatusCode.OK, type), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
            return await response.Content.ReadAsStringAsync();
        }
    }

    [Fact]
    public async Task Report_OfABenchmarkWithoutResults_SaysSo()
    {
        using var submitted = await PostAsync(Document(Service.Parked));
        var id = (await Service.ReadAsync<BenchmarkView>(submitted)).Id;

        foreach (var format in new[] { "json", "csv", "markdown", "html" })
        {
            using var response = await service.Http.GetAsync($"/v1/benchmarks/{id}/report?format={format}");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.DoesNotContain("NaN", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        using var wrong = await service.Http.GetAsync($"/v1/benchmarks/{id}/report?format=pdf");
        Assert.Equal("\"pdf\" given; one of json, csv, markdown, html", Assert.Single((await Service.ProblemAsync(wrong, 400, "invalid-parameter")).Errors!).Detail);
    }

    [Fact]
    public async Task Cancel_OfABenchmark_CancelsItsJobs()
    {
        using var submitted = await PostAsync(Document(Service.Parked));
        var id = (await Service.ReadAsync<BenchmarkView>(submitted)).Id;
        using var response = await service.Http.PostAsync($"/v1/benchmarks/{id}/cancel", null);

        Assert.Equal(BenchmarkState.Cancelled, (await Service.ReadAsync<BenchmarkView>(response)).Status);
        Assert.All((await service.GetAsync<Page<JobView>>($"/v1/jobs?label=benchmark:{id}")).Items, job => Assert.Equal(JobState.Cancelled, job.Status));
    }

    [Theory]
    [InlineData("01jtqv8k3m5x7r9w2y4z6a8c0e")]
    [InlineData("no-id")]
    public async Task Benchmark_ThatIsNotThere_IsAProblemOfItsOwn(string id)
    {
        using var response = await service.Http.GetAsync($"/v1/benchmarks/{id}");
        await Service.ProblemAsync(response, 404, "benchmark-not-found");
    }

    /// <summary>Runs a benchmark of two rows, whose second has a label that is markup, and two seeds to its end.</summary>
    internal static async Task<BenchmarkView> RunAsync(Service service)
    {
        using var response = await service.Http.PostAsync("/v1/benchmarks", Service.Json(Document("cpu")));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        var benchmark = await Service.ReadAsync<BenchmarkView>(response);
        await Service.WaitAsync(
            async () => (benchmark = await service.GetAsync<BenchmarkView>($"/v1/benchmarks/{benchmark.Id}")).Status == BenchmarkState.Finished, () => Json.Write(benchmark, indented: true));
        return benchmark;
    }

    private static string Document(string queue, string seeds = "[1, 2]") => $$"""
        {"name": "{{Markup}} & co", "labels": {"suite": "benchmarks"},
         "base": {"queue": "{{queue}}", "dataset": {"name": "procedural", "samples": 1000}, "teacher": {"model": "resnet20"}, "student": {"model": "resnet8"}, "training": {"epochs": 3} },
         "matrix": {"methods": ["none", {"name": "kd", "label": "{{Markup}}"}], "seeds": {{seeds}} }, "max_running": 2}
        """;

    private async Task<HttpResponseMessage> PostAsync(string document, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/benchmarks") { Content = Service.Json(document) };
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        return await service.Http.SendAsync(request);
    }
}
