using KdService.Api.Errors;
using KdService.Api.OpenApi;
using KdService.Core.Wire;
using KdService.Jobs;

namespace KdService.Api.Jobs;

/// <summary>What users may ask of a job.</summary>
public static class Controls
{
    /// <summary>Maps <c>cancel</c>, <c>pause</c>, <c>resume</c> and <c>retry</c>.</summary>
    public static void MapControls(this RouteGroupBuilder job)
    {
        Map("cancel", "Cancel a job", "Ends the job; its slot is free within seconds. What it made so far stays.", (control, id, cancel) => control.CancelAsync(id, cancel));
        Map("pause", "Pause a job", "Stops the job with a checkpoint and frees its slot; `resume` goes on as if nothing had happened.", (control, id, cancel) => control.PauseAsync(id, cancel));
        Map("resume", "Resume a paused job", "Lines a paused job up again; it goes on from its checkpoint.", (control, id, cancel) => control.ResumeAsync(id, cancel));
        Map("retry", "Retry a job that failed or was cancelled", "Lines the job up again, from its last checkpoint, with its budgets of attempts and time anew.", (control, id, cancel) => control.RetryAsync(id, cancel));

        void Map(string action, string summary, string description, Func<JobControl, string, CancellationToken, Task<JobView>> apply) =>
            job.MapPost($"/{action}", async (string id, JobControl control, CancellationToken cancel) => TypedResults.Ok(await apply(control, id, cancel)))
                .WithName($"{action}_job")
                .WithSummary(summary)
                .WithDescription($"{description} Answers with the job as it is now. In a state that does not permit it: 409, with `state` and what is `allowed`.")
                .Answers(() => Examples.Job)
                .Refuses(ProblemKind.InvalidTransition);
    }
}
