using System.Security.Cryptography;
using System.Text;
using KdService.Api.Errors;
using KdService.Api.OpenApi;
using KdService.Api.Requests;
using KdService.Core.Schedules;
using KdService.Core.Schema;
using KdService.Core.Wire;
using KdService.Jobs;
using KdService.Jobs.Schedules;

namespace KdService.Api.Schedules;

/// <summary>Schedules: created, looked at, changed, run by hand, removed.</summary>
public static class ScheduleEndpoints
{
    private const string Markdown = "text/markdown";

    private static readonly ProblemKind[] Refusals =
        [ProblemKind.MalformedJson, ProblemKind.BodyTooLarge, ProblemKind.UnsupportedMediaType, ProblemKind.InvalidDocument];

    /// <summary>Maps <c>/schedules</c>.</summary>
    public static void MapSchedules(this RouteGroupBuilder v1)
    {
        var schedules = v1.MapGroup("/schedules").WithTags("Schedules");

        schedules.MapPost("", CreateAsync)
            .WithName("create_schedule")
            .WithSummary("Create a schedule")
            .WithDescription($"""
                Submits the same job or benchmark again and again, at the times of a cron line in a time zone. The line has five fields as in a crontab, or Quartz's six or seven with a second before
                them; `cron_form` in the answer says which it was taken for. What it submits is checked whole now, with pointers below `/job` or `/benchmark`; a line that never comes is refused.
                Each firing becomes one run and one job (or benchmark), on whatever node; they carry the label `{RunSpecs.Label}` (this id). Firings that nobody was there for become one run
                once a node is back, under the time of the first of them; what falls into a pause is not made up for.
                With `{IdempotencyKey.Header}`, sending the same schedule again answers 200 with the first one and `{IdempotencyKey.ReplayHeader}: true`.
                """)
            .Takes<RouteHandlerBuilder, ScheduleSpec>("A schedule", () => ScheduleExamples.Specs)
            .WithHeader(IdempotencyKey.Header, $"Up to {IdempotencyKey.MaxLength} printable characters of your choice; the same key and document is one schedule.", "nightly-resnet8")
            .Produces<ScheduleView>(StatusCodes.Status201Created)
            .Produces<ScheduleView>(StatusCodes.Status200OK)
            .Answers(() => ScheduleExamples.View, StatusCodes.Status201Created)
            .Answers(() => ScheduleExamples.View)
            .Refuses([.. Refusals, ProblemKind.IdempotencyConflict]);

        schedules.MapRead("", ListAsync)
            .WithName("list_schedules")
            .WithSummary("List schedules, newest first")
            .WithDescription("A page of schedules, each with its next time and its last run. `next`, if there is one, is the `cursor` of the following page.")
            .Produces<Page<ScheduleView>>()
            .Answers(() => new Page<ScheduleView>([ScheduleExamples.View with { Job = null, NextRuns = [ScheduleExamples.View.NextRuns[0]] }], null));

        var schedule = schedules.MapGroup("/{id}").RequireId(id => new ScheduleNotFoundException(id))
            .WithPathExample("id", "The schedule's id.", ScheduleExamples.Id)
            .Refuses(ProblemKind.ScheduleNotFound);

        schedule.MapRead("", async (string id, ScheduleQueries queries, CancellationToken cancel) => TypedResults.Ok(await queries.GetAsync(id, cancel)))
            .WithName("get_schedule")
            .WithSummary("Show one schedule")
            .WithDescription($"Its line and policies, the next {ScheduleQueries.TimesShown} times by the clock of its zone and in UTC (none while it is paused), its last run, and the job or benchmark that it submits, with every default filled in.")
            .Answers(() => ScheduleExamples.View);

        schedule.MapRead("/next", TimesAsync)
            .WithName("list_schedule_times")
            .WithSummary("List the times of a schedule's cron line")
            .WithDescription("The next `count` times that the line names, by the clock of its zone and in UTC; also while the schedule is paused.")
            .Produces<Page<RunTime>>()
            .Answers(() => new Page<RunTime>(ScheduleExamples.View.NextRuns, null));

        schedule.MapRead("/runs", RunsAsync)
            .WithName("list_schedule_runs")
            .WithSummary("List a schedule's runs and how their numbers moved")
            .WithDescription("""
                Every run, the latest first: its job or benchmark, how it stands, why it was skipped, refused or failed. Runs that succeeded show test accuracy (best and last epoch) and seconds, each
                with the change against the run before that succeeded, and the 95 % prediction interval from the earlier ones once there are three; `outside` flags what lies
                beyond it, and `basis` says how the interval is made. For benchmarks the numbers come row by row, as means over seeds of the rows whose every job succeeded. With `format=markdown` the page as a Markdown table instead.
                """)
            .Produces<ScheduleRunsView>(StatusCodes.Status200OK, "application/json", Markdown)
            .Answers(() => ScheduleExamples.Runs);

        schedule.MapPatch("", ChangeAsync)
            .WithName("change_schedule")
            .WithSummary("Change a schedule")
            .WithDescription("Changes the fields that are given: name, line, time zone, overlap policy, pause, seeds. A new line or zone counts from now. What it runs stays what it is, so that runs compare: create another schedule for another job.")
            .Takes<RouteHandlerBuilder, ScheduleChange>("What changes", () => ScheduleExamples.Changes)
            .Produces<ScheduleView>()
            .Answers(() => ScheduleExamples.View)
            .Refuses(Refusals);

        MapPause("pause", true, "Pause a schedule", "Nothing fires until `resume`; jobs under way go on. `run` still works.");
        MapPause("resume", false, "Resume a paused schedule", "Fires again from the next time of its line on; what fell into the pause is not made up for.");

        schedule.MapPost("/run", async (string id, ScheduleControl control, CancellationToken cancel) => TypedResults.Ok(await control.RunAsync(id, cancel)))
            .WithName("run_schedule")
            .WithSummary("Run a schedule now")
            .WithDescription("Makes a run at once, beside the line and whether it is paused or not, and answers with it. The overlap policy holds as at a firing: the run may be skipped, and says why.")
            .Answers(() => ScheduleExamples.View.LastRun! with { Manual = true });

        schedule.MapDelete("", DeleteAsync)
            .WithName("delete_schedule")
            .WithSummary("Delete a schedule")
            .WithDescription("Removes the schedule and the list of its runs. Its jobs stay, and those under way go on.")
            .Produces(StatusCodes.Status204NoContent);

        void MapPause(string action, bool paused, string summary, string description) =>
            schedule.MapPost($"/{action}", async (string id, ScheduleControl control, CancellationToken cancel) =>
                    TypedResults.Ok(await control.ChangeAsync(id, new ScheduleChange { Paused = paused }, cancel)))
                .WithName($"{action}_schedule")
                .WithSummary(summary)
                .WithDescription($"{description} Answers with the schedule as it is now; asking again changes nothing.")
                .Answers(() => paused ? ScheduleExamples.View with { Paused = true, NextRuns = [] } : ScheduleExamples.View);
    }

    private static async Task<IResult> CreateAsync(HttpContext context, ScheduleControl control, CancellationToken cancel)
    {
        var key = IdempotencyKey.Read(context.Request);
        var problems = new ProblemList();
        var document = await JsonBody.ReadAsync(context.Request, cancel);
        var spec = ScheduleValidation.Read(document, problems) ?? throw new InvalidDocumentException(problems.Items);
        var (schedule, created) = await control.CreateAsync(spec, key, Digest(spec), cancel);
        return IdempotencyKey.Answer(context, $"/v1/schedules/{schedule.Id}", schedule, created);
    }

    /// <summary>Two bodies that say the same, however they are spaced or ordered, are the same request.</summary>
    private static string Digest(ScheduleSpec spec) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Json.Write(spec))));

    private static async Task<IResult> ListAsync(Query<ScheduleListQuery> query, ScheduleQueries schedules, CancellationToken cancel) =>
        TypedResults.Ok(await schedules.ListAsync(query.Value.Cursor, query.Value.Limit, cancel));

    private static async Task<IResult> TimesAsync(string id, Query<TimesQuery> query, ScheduleQueries schedules, CancellationToken cancel) =>
        TypedResults.Ok(new Page<RunTime>(await schedules.TimesAsync(id, query.Value.Count, cancel), null));

    private static async Task<IResult> RunsAsync(string id, Query<RunsQuery> query, ScheduleQueries schedules, CancellationToken cancel)
    {
        var runs = await schedules.RunsAsync(id, query.Value.Cursor, query.Value.Limit, cancel);
        if (query.Value.Format == RunsFormat.Json) return TypedResults.Ok(runs);
        return TypedResults.Text(RunsMarkdown.Write(await schedules.GetAsync(id, cancel), runs), Markdown, Encoding.UTF8);
    }

    private static async Task<IResult> ChangeAsync(string id, HttpRequest request, ScheduleControl control, CancellationToken cancel)
    {
        var problems = new ProblemList();
        var change = ScheduleValidation.ReadChange(await JsonBody.ReadAsync(request, cancel), problems) ?? throw new InvalidDocumentException(problems.Items);
        return TypedResults.Ok(await control.ChangeAsync(id, change, cancel));
    }

    private static async Task<IResult> DeleteAsync(string id, ScheduleControl control, CancellationToken cancel)
    {
        await control.DeleteAsync(id, cancel);
        return TypedResults.NoContent();
    }
}
