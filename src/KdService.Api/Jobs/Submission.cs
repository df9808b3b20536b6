using System.Security.Cryptography;
using System.Text;
using KdService.Api.Errors;
using KdService.Api.OpenApi;
using KdService.Api.Requests;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Core.Wire;
using KdService.Jobs;

namespace KdService.Api.Jobs;

/// <summary>Taking specs in: checked without being run, or submitted once however often they are sent.</summary>
public static class Submission
{
    /// <summary>Maps submission and validation.</summary>
    public static void MapSubmission(this RouteGroupBuilder jobs)
    {
        ProblemKind[] refusals = [ProblemKind.MalformedJson, ProblemKind.BodyTooLarge, ProblemKind.UnsupportedMediaType, ProblemKind.InvalidDocument];

        jobs.MapPost("", SubmitAsync)
            .WithName("submit_job")
            .WithSummary("Submit a job")
            .WithDescription($"""
                Answers 201 once the job, its plan and its place in the queue are durable. A teacher given as a recipe becomes a job of its own, shared by all who ask for the same.
                With `{IdempotencyKey.Header}`, sending the same spec again answers 200 with the first one's job and `{IdempotencyKey.ReplayHeader}: true`; another spec under the same key is refused with 409.
                """)
            .TakesJobSpec()
            .WithHeader(IdempotencyKey.Header, $"Up to {IdempotencyKey.MaxLength} printable characters of your choice; the same key and spec is one job.", "resnet8-kd-seed0")
            .Produces<JobView>(StatusCodes.Status201Created)
            .Produces<JobView>(StatusCodes.Status200OK)
            .Answers(() => Examples.Job, StatusCodes.Status201Created)
            .Answers(() => Examples.Job)
            .Refuses([.. refusals, ProblemKind.IdempotencyConflict]);

        jobs.MapPost("/validate", ValidateAsync)
            .WithName("validate_job")
            .WithSummary("Check a job spec without submitting it")
            .WithDescription("Answers with every problem of the spec at once, or with the plan that it compiles to and an estimate of time, memory and disk. Nothing is kept.")
            .TakesJobSpec()
            .Produces<ValidationView>()
            .Answers(() => Examples.Validation)
            .Refuses(refusals);
    }

    private static async Task<IResult> SubmitAsync(HttpContext context, JobSubmission submission, CancellationToken cancel)
    {
        var key = IdempotencyKey.Read(context.Request);
        var spec = await ReadSpecAsync(context.Request, cancel);
        var (job, created) = await submission.SubmitAsync(spec, key, Digest(spec), cancel);
        return IdempotencyKey.Answer(context, $"/v1/jobs/{job.Id}", job, created);
    }

    private static async Task<IResult> ValidateAsync(HttpContext context, JobSubmission submission, CancellationToken cancel) =>
        TypedResults.Ok(await submission.ValidateAsync(await ReadSpecAsync(context.Request, cancel), cancel));

    private static async Task<JobSpec> ReadSpecAsync(HttpRequest request, CancellationToken cancel)
    {
        var problems = new ProblemList();
        var document = await JsonBody.ReadAsync(request, cancel);
        return SpecValidation.Read(document, problems) ?? throw new InvalidDocumentException(problems.Items);
    }

    /// <summary>Two bodies that say the same, however they are spaced or ordered, are the same request.</summary>
    private static string Digest(JobSpec spec) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Json.Write(spec))));
}
