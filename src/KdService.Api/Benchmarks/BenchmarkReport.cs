using System.Text;
using KdService.Api.OpenApi;
using KdService.Api.Requests;
using KdService.Core.Schema;
using KdService.Core.Wire;
using KdService.Jobs.Benchmarks;

namespace KdService.Api.Benchmarks;

/// <summary>The forms of a report.</summary>
public enum ReportFormat
{
    /// <summary>The benchmark's document.</summary>
    Json,

    /// <summary>A line per row.</summary>
    Csv,

    /// <summary>Tables for a pull request or a wiki.</summary>
    Markdown,

    /// <summary>One page with charts that needs nothing else.</summary>
    Html,
}

/// <summary>Which form.</summary>
public sealed record ReportQuery : IQuery<ReportQuery>
{
    /// <summary>The form of the report.</summary>
    [Field("The form of the report; what Accept asks for when left out, else json.")]
    public ReportFormat? Format { get; init; }

    /// <inheritdoc />
    public static ReportQuery Example { get; } = new() { Format = ReportFormat.Json };
}

/// <summary>A benchmark's report, finished or as far as it is.</summary>
public static class BenchmarkReport
{
    private const string Csv = "text/csv";
    private const string Markdown = "text/markdown";
    private const string Html = "text/html";

    /// <summary>Maps <c>report</c>.</summary>
    public static void MapReport(this RouteGroupBuilder benchmark) =>
        benchmark.MapRead("/report", GetAsync)
            .WithName("get_benchmark_report")
            .WithSummary("Read a benchmark's report")
            .WithDescription("""
                The table with everything that belongs to it: `json` (as the benchmark itself), `csv` (a line per row), `markdown`, or `html`: one page with charts that
                needs nothing else. At any time; a report of a benchmark that runs says so and has what there is. Without `format`, `Accept` decides.
                """)
            .Produces<BenchmarkView>(StatusCodes.Status200OK, "application/json", Csv, Markdown, Html)
            .Answers(() => BenchmarkExamples.View);

    private static async Task<IResult> GetAsync(string id, Query<ReportQuery> query, HttpRequest request, BenchmarkQueries benchmarks, CancellationToken cancel)
    {
        var benchmark = await benchmarks.GetAsync(id, cancel);
        return (query.Value.Format ?? Accepted(request)) switch
        {
            ReportFormat.Csv => TypedResults.Text(CsvReport.Of(benchmark), Csv, Encoding.UTF8),
            ReportFormat.Markdown => TypedResults.Text(MarkdownReport.Of(benchmark), Markdown, Encoding.UTF8),
            ReportFormat.Html => TypedResults.Text(HtmlReport.Of(benchmark, await benchmarks.CurvesAsync(id, cancel)), Html, Encoding.UTF8),
            _ => TypedResults.Ok(benchmark),
        };
    }

    private static ReportFormat Accepted(HttpRequest request) => request.GetTypedHeaders().Accept
        .OrderByDescending(accepted => accepted.Quality ?? 1)
        .Select(ReportFormat? (accepted) => accepted.MediaType.Value switch
        {
            Csv => ReportFormat.Csv,
            Markdown => ReportFormat.Markdown,
            Html => ReportFormat.Html,
            "application/json" => ReportFormat.Json,
            _ => null,
        })
        .FirstOrDefault(format => format is not null) ?? ReportFormat.Json;
}
