using KdService.Api.Errors;
using KdService.Api.OpenApi;
using KdService.Core.Wire;
using KdService.Jobs;

namespace KdService.Api.Jobs;

/// <summary>Diagnoses of finished jobs.</summary>
public static class Diagnoses
{
    /// <summary>Maps <c>diagnosis</c>.</summary>
    public static void MapDiagnosis(this RouteGroupBuilder job) =>
        job.MapPost("/diagnosis", RequestAsync)
            .WithName("diagnose_job")
            .WithSummary("Diagnose a finished job's teacher")
            .WithDescription("""
                Has a worker compute what `"diagnosis": true` in the spec would have: what the teacher's signal does to the gradient of each training sample, how it relates classes,
                how sure it is, for the best weights of the student. Nothing is trained. The answer is a job of its own, which `diagnoses` this one; once it has succeeded,
                `diagnosis.json` and `diagnosis.svg` are among the artifacts of both. Asking again answers 200 with the same job, unless that failed or was cancelled.
                A job that has not succeeded, has no teacher, or diagnoses itself as its spec asks is refused with 409.
                """)
            .Produces<JobView>(StatusCodes.Status201Created)
            .Produces<JobView>(StatusCodes.Status200OK)
            .Answers(() => Examples.Diagnosis, StatusCodes.Status201Created)
            .Answers(() => Examples.Diagnosis)
            .Refuses(ProblemKind.NotDiagnosable);

    private static async Task<IResult> RequestAsync(string id, HttpContext context, JobDiagnosis diagnoses, CancellationToken cancel)
    {
        var (diagnosis, created) = await diagnoses.RequestAsync(id, cancel);
        var location = $"/v1/jobs/{diagnosis.Id}";
        if (created) return TypedResults.Created(location, diagnosis);
        context.Response.Headers.Location = location;
        return TypedResults.Ok(diagnosis);
    }
}
