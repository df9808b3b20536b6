using System.Text.Json;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Schedules;

/// <summary>Reads and checks schedules and changes to them, as far as can be known without looking at clocks, disks or jobs.</summary>
public static class ScheduleValidation
{
    /// <summary>Reads a schedule; every problem at once, those of the job's spec with pointers below <c>/job</c>.</summary>
    /// <returns>The schedule, complete and valid, if <paramref name="problems"/> stays empty; else null.</returns>
    public static ScheduleSpec? Read(JsonElement element, ProblemList problems)
    {
        var spec = DocumentReader.Read<ScheduleSpec>(element, problems);
        if (spec is null) return null;
        CheckTimes(spec.Cron, spec.TimeZone, problems);
        problems.Require(element.TryGetProperty("job", out var given) && given.ValueKind != JsonValueKind.Null, "/job", "missing; the job spec to submit at every firing");
        if (spec.Job is { } job) SpecValidation.Check(job, problems.At("/job"));
        return problems.None ? spec : null;
    }

    /// <summary>Reads a change; every problem at once.</summary>
    public static ScheduleChange? ReadChange(JsonElement element, ProblemList problems)
    {
        var change = DocumentReader.Read<ScheduleChange>(element, problems);
        if (change is not null) CheckTimes(change.Cron, change.TimeZone, problems);
        return problems.None ? change : null;
    }

    private static void CheckTimes(string? cron, string? timeZone, ProblemList problems)
    {
        if (cron is not null) CronLine.Check(cron, "/cron", problems);
        if (timeZone is not null) TimeZones.Check(timeZone, "/time_zone", problems);
    }
}
