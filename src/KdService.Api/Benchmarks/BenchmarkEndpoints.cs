using KdService.Api.Errors;
using KdService.Api.OpenApi;
using KdService.Api.Requests;
using KdService.Core;
using KdService.Core.Benchmarks;
using KdService.Core.Schema;
using KdService.Core.Wire;
using KdService.Jobs;
using KdService.Jobs.Benchmarks;

namespace KdService.Api.Benchmarks;

/// <summary>Benchmarks: submitted, looked at, cancelled, reported.</summary>
public static class BenchmarkEndpoints
{
    /// <summary>Maps <c>/benchmarks</c>.</summary>
    public static void MapBenchmarks(this RouteGroupBuilder v1)
    {
        var benchmarks = v1.MapGroup("/benchmarks").WithTags("Benchmarks");
        benchmarks.MapSubmission();

        benchmarks.MapRead("", ListAsync)
            .WithName("list_benchmarks")
            .WithSummary("List benchmarks, newest first")
            .WithDescription("A page of benchmarks with their jobs counted by state. `next`, if there is one, is the `cursor` of the following page.")
            .Produces<Page<BenchmarkView>>()
            .Answers(() => new Page<BenchmarkView>([BenchmarkExamples.View with { Rows = null, Cells = null, Teachers = null, Spec = null }], null));

        var benchmark = benchmarks.MapGroup("/{id}").RequireId(id => new BenchmarkNotFoundException(id))
            .WithPathExample("id", "The benchmark's id.", BenchmarkExamples.Id)
            .Refuses(ProblemKind.BenchmarkNotFound);

        benchmark.MapRead("", GetAsync)
            .WithName("get_benchmark")
            .WithSummary("Show one benchmark")
            .WithDescription("""
                Its table as it fills up: for each row the mean, sample deviation and 95 % interval over the seeds that are done, what it costs, and how it compares with the
                baseline; every job with its state, failed ones too; and the teachers that the jobs share. Poll after `Retry-After` seconds while that header is there.
                """)
            .Produces<BenchmarkView>()
            .Answers(() => BenchmarkExamples.View);

        benchmark.MapPost("/cancel", async (string id, BenchmarkControl control, CancellationToken cancel) => TypedResults.Ok(await control.CancelAsync(id, cancel)))
            .WithName("cancel_benchmark")
            .WithSummary("Cancel a benchmark")
            .WithDescription("Cancels its jobs that have not ended and submits no more. Results so far stay. Teachers that no other job waits for end, too. Asking again changes nothing.")
            .Answers(() => BenchmarkExamples.View with { Status = BenchmarkState.Cancelled });

        benchmark.MapReport();
    }

    private static void MapSubmission(this RouteGroupBuilder benchmarks)
    {
        ProblemKind[] refusals = [ProblemKind.MalformedJson, ProblemKind.BodyTooLarge, ProblemKind.UnsupportedMediaType, ProblemKind.InvalidDocument];

        benchmarks.MapPost("", SubmitAsync)
            .WithName("submit_benchmark")
            .WithSummary("Submit a benchmark")
            .WithDescription($"""
                A base spec and a matrix of methods, students, seeds and values of any other field: every combination becomes a job, equal teachers are trained once, and at most
                `max_running` of the jobs are under way at a time. Answers 201 once the benchmark and all of its cells are durable. Every cell is checked; problems name their
                place in the document. A matrix of more than {BenchmarkExpansion.MostCells} jobs is refused. The jobs carry the labels `{BenchmarkExpansion.BenchmarkLabel}` (this id) and `{BenchmarkExpansion.RowLabel}`.
                With `{IdempotencyKey.Header}`, sending the same benchmark again answers 200 with the first one and `{IdempotencyKey.ReplayHeader}: true`.
                """)
            .Takes<RouteHandlerBuilder, BenchmarkSpec>("A benchmark", () => BenchmarkExamples.Specs)
            .WithHeader(IdempotencyKey.Header, $"Up to {IdempotencyKey.MaxLength} printable characters of your choice; the same key and document is one benchmark.", "methods-2026-03")
            .Produces<BenchmarkView>(StatusCodes.Status201Created)
            .Produces<BenchmarkView>(StatusCodes.Status200OK)
            .Answers(() => BenchmarkExamples.View, StatusCodes.Status201Created)
            .Answers(() => BenchmarkExamples.View)
            .Refuses([.. refusals, ProblemKind.IdempotencyConflict]);

        benchmarks.MapPost("/validate", ValidateAsync)
            .WithName("validate_benchmark")
            .WithSummary("Check a benchmark without submitting it")
            .WithDescription("Answers with every problem of every cell at once, or with the rows, the distinct teachers and an estimate of the whole. Nothing is kept.")
            .Takes<RouteHandlerBuilder, BenchmarkSpec>("A benchmark", () => BenchmarkExamples.Specs)
            .Produces<BenchmarkValidationView>()
            .Answers(() => BenchmarkExamples.Validation)
            .Refuses(refusals);
    }

    private static async Task<IResult> SubmitAsync(HttpContext context, BenchmarkSubmission submission, CancellationToken cancel)
    {
        var key = IdempotencyKey.Read(context.Request);
        var (benchmark, created) = await submission.SubmitAsync(await ReadAsync(context.Request, cancel), key, cancel);
        return IdempotencyKey.Answer(context, $"/v1/benchmarks/{benchmark.Id}", benchmark, created);
    }

    private static async Task<IResult> ValidateAsync(HttpContext context, BenchmarkSubmission submission, CancellationToken cancel) =>
        TypedResults.Ok(await submission.ValidateAsync(await ReadAsync(context.Request, cancel), cancel));

    private static async Task<BenchmarkPlan> ReadAsync(HttpRequest request, CancellationToken cancel)
    {
        var problems = new ProblemList();
        return BenchmarkExpansion.Read(await JsonBody.ReadAsync(request, cancel), problems) ?? throw new InvalidDocumentException(problems.Items);
    }

    private static async Task<IResult> ListAsync(Query<BenchmarkListQuery> query, BenchmarkQueries benchmarks, CancellationToken cancel) =>
        TypedResults.Ok(await benchmarks.ListAsync(Labels.Read(query.Value.Label), query.Value.Cursor, query.Value.Limit, cancel));

    private static async Task<IResult> GetAsync(string id, HttpResponse response, BenchmarkQueries benchmarks, CancellationToken cancel)
    {
        var benchmark = await benchmarks.GetAsync(id, cancel);
        if (benchmark.Status is BenchmarkState.Running or BenchmarkState.Cancelling) response.Headers.RetryAfter = "2";
        return TypedResults.Ok(benchmark);
    }
}

/// <summary>Which benchmarks to list.</summary>
public sealed record BenchmarkListQuery : IQuery<BenchmarkListQuery>
{
    /// <summary>Only benchmarks with all of these labels.</summary>
    [Field("Only benchmarks with this label, key:value; repeat it for benchmarks that have all of several.", MaxLength = 320, Pattern = "[^:=]+[:=].*")]
    public IReadOnlyList<string> Label { get; init; } = [];

    /// <summary>Benchmarks per page.</summary>
    [Field("Benchmarks per page.", Min = 1, Max = JobQueries.MaxPage)]
    public int Limit { get; init; } = 50;

    /// <summary>Where the page begins.</summary>
    [Field("Where the page begins: next of the page before.", MaxLength = 26, Pattern = SortableId.Pattern)]
    public string? Cursor { get; init; }

    /// <inheritdoc />
    public static BenchmarkListQuery Example { get; } = new() { Label = ["team:vision"], Limit = 20 };
}
