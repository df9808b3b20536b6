using KdService.Api.Errors;
using KdService.Api.OpenApi;
using KdService.Api.Requests;
using KdService.Core.Wire;
using KdService.Jobs;

namespace KdService.Api.Jobs;

/// <summary>Jobs: submitted, looked at, steered.</summary>
public static class JobEndpoints
{
    /// <summary>Maps <c>/jobs</c>.</summary>
    public static void MapJobs(this RouteGroupBuilder v1)
    {
        var jobs = v1.MapGroup("/jobs").WithTags("Jobs");
        jobs.MapSubmission();

        jobs.MapRead("", ListAsync)
            .WithName("list_jobs")
            .WithSummary("List jobs, newest first")
            .WithDescription("A page of the jobs that meet every condition given. `next`, if there is one, is the `cursor` of the following page.")
            .Produces<Page<JobView>>()
            .Answers(() => new Page<JobView>([Examples.Job with { Spec = null, Plan = null }], null));

        var job = jobs.MapGroup("/{id}").RequireId(id => new JobNotFoundException(id))
            .WithPathExample("id", "The job's id.", Examples.JobId)
            .Refuses(ProblemKind.JobNotFound);

        job.MapRead("", GetAsync)
            .WithName("get_job")
            .WithSummary("Show one job")
            .WithDescription("""
                Where the job is and how far, its latest metrics, and when it should be done; its spec with every default filled in and its plan;
                once it has ended, what came of it or why it failed. Poll after `Retry-After` seconds while that header is there; with `If-None-Match`,
                the answer is 304 for as long as nothing has changed.
                """)
            .Produces<JobView>()
            .Produces(StatusCodes.Status304NotModified)
            .Answers(() => Examples.Job);

        job.MapControls();
        job.MapDiagnosis();
        job.MapHistory();
    }

    private static async Task<IResult> ListAsync(Query<JobListQuery> query, JobQueries jobs, CancellationToken cancel) =>
        TypedResults.Ok(await jobs.ListAsync(query.Value.Filter(), query.Value.Cursor, query.Value.Limit, cancel));

    private static async Task<JobResult> GetAsync(string id, JobQueries jobs, CancellationToken cancel) =>
        new(await jobs.DocumentAsync(id, cancel));
}
