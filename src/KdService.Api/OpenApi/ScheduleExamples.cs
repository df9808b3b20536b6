using System.Text.Json;
using System.Text.Json.Nodes;
using KdService.Core.Schedules;
using KdService.Core.Schema;
using KdService.Core.Wire;

namespace KdService.Api.OpenApi;

/// <summary>What the documentation of schedules shows; the documents can be sent as they are, and the answers come from them.</summary>
public static class ScheduleExamples
{
    /// <summary>A schedule id.</summary>
    public const string Id = "01jtqx7d4f6h8j0k2m4n6p8q0r";

    private static readonly DateTimeOffset Created = new(2026, 3, 2, 9, 30, 0, TimeSpan.Zero);

    /// <summary>Schedules, by what they show.</summary>
    public static IReadOnlyDictionary<string, JsonObject> Specs { get; } = new Dictionary<string, JsonObject>
    {
        ["a job every night"] = Spec("Every night", "0 3 * * *", "Europe/Berlin", new JsonObject { ["vary_seed"] = true, ["job"] = Examples.Specs["kd"].DeepClone() }),
        ["a benchmark on weekdays"] = Spec("Every working day", "0 30 6 ? * MON-FRI", "America/New_York", new JsonObject
        {
            ["overlap"] = "cancel_previous",
            ["paused"] = true,
            ["benchmark"] = BenchmarkExamples.Specs["methods"].DeepClone(),
        }),
    };

    /// <summary>Changes, by what they change.</summary>
    public static IReadOnlyDictionary<string, JsonObject> Changes { get; } = new Dictionary<string, JsonObject>
    {
        ["another time"] = new() { ["cron"] = "0 5 * * *", ["time_zone"] = "UTC" },
        ["another policy"] = new() { ["name"] = "Nightly, in turn", ["overlap"] = "queue" },
    };

    /// <summary>A schedule that has run.</summary>
    public static ScheduleView View { get; } = Nightly();

    /// <summary>Its last runs: one as usual, and one that was skipped.</summary>
    public static ScheduleRunsView Runs { get; } = new(
    [
        new ScheduleRunView { Number = 8, Manual = true, ScheduledAt = Created.AddDays(7), Status = ScheduleRunStatus.Skipped, Reason = $"run 7 has not ended: job {Examples.JobId} is running" },
        View.LastRun! with
        {
            Numbers =
            [
                Number(Measure.Best, 0.573, 0.612, 0.617, 0.609, 0.621),
                Number(Measure.Seconds, 131, 128, 133, 130, 129),
            ],
        },
    ], "7", PredictionInterval.Basis);

    private static JsonObject Spec(string name, string cron, string timeZone, JsonObject more)
    {
        var spec = new JsonObject { ["name"] = name, ["cron"] = cron, ["time_zone"] = timeZone };
        foreach (var (field, value) in more) spec[field] = value!.DeepClone();
        return spec;
    }

    private static RunNumber Number(string metric, double value, params double[] earlier) => RunComparison.Compare(
        Numbers(metric, value), [.. earlier.Select(number => Numbers(metric, number))])[0];

    private static Dictionary<Measure, double> Numbers(string metric, double value) => new() { [new Measure(null, metric)] = value };

    private static ScheduleView Nightly()
    {
        var problems = new ProblemList();
        var spec = ScheduleValidation.Read(JsonSerializer.SerializeToElement(Specs["a job every night"]), problems) ?? throw new InvalidDocumentException(problems.Items);
        var run = new DateTimeOffset(2026, 3, 9, 3, 0, 0, TimeSpan.FromHours(1));
        return new ScheduleView
        {
            Id = Id,
            Name = spec.Name,
            Cron = spec.Cron,
            CronForm = CronLine.FormOf(spec.Cron),
            TimeZone = spec.TimeZone,
            Overlap = spec.Overlap,
            Paused = spec.Paused,
            VarySeed = spec.VarySeed,
            CreatedAt = Created,
            NextRuns = [.. Enumerable.Range(1, 5).Select(day => new RunTime(run.AddDays(day), run.AddDays(day).ToUniversalTime()))],
            LastRun = new ScheduleRunView
            {
                Number = 7,
                Manual = false,
                ScheduledAt = run.ToUniversalTime(),
                Status = ScheduleRunStatus.Succeeded,
                Job = Examples.JobId,
                Seed = 7,
                FinishedAt = run.ToUniversalTime().AddMinutes(3),
            },
            Job = spec.Job,
        };
    }
}
