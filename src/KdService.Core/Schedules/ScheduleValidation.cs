using System.Text.Json;
using KdService.Core.Benchmarks;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Schedules;

/// <summary>Reads and checks schedules and changes to them, as far as can be known without looking at clocks, disks or jobs.</summary>
public static class ScheduleValidation
{
    /// <summary>Reads a schedule; every problem at once, those of what it submits with pointers below <c>/job</c> or <c>/benchmark</c>.</summary>
    /// <returns>The schedule, complete and valid, if <paramref name="problems"/> stays empty; else null.</returns>
    public static ScheduleSpec? Read(JsonElement element, ProblemList problems)
    {
        if (!DocumentKind.Require<ScheduleSpec>(element, problems)) return null;
        var spec = DocumentReader.Read<ScheduleSpec>(element, problems);
        if (spec is null) return null;
        CheckTimes(spec.Cron, spec.TimeZone, problems);
        var (hasJob, hasBenchmark) = (Has(element, "job"), Has(element, "benchmark"));
        problems.Require(hasJob != hasBenchmark, "/job", $"{(hasJob ? "given with benchmark" : "missing")}; exactly one of job (a job spec) and benchmark (a benchmark)");
        if (spec.Job is { } job) SpecValidation.Check(job, problems.At("/job"));
        if (spec.Benchmark is { } benchmark) CheckBenchmark(benchmark, problems);
        return problems.None ? spec : null;
    }

    /// <summary>Reads a change; every problem at once.</summary>
    public static ScheduleChange? ReadChange(JsonElement element, ProblemList problems)
    {
        var change = DocumentReader.Read<ScheduleChange>(element, problems);
        if (change is not null) CheckTimes(change.Cron, change.TimeZone, problems);
        return problems.None ? change : null;
    }

    private static bool Has(JsonElement element, string field) =>
        element.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null;

    private static void CheckBenchmark(BenchmarkSpec benchmark, ProblemList problems)
    {
        // Cells are made of a benchmark that could be read; what else is wrong with the schedule is no matter.
        if (problems.Items.Any(problem => problem.Pointer.StartsWith("/benchmark", StringComparison.Ordinal))) return;
        var own = new ProblemList();
        BenchmarkExpansion.Expand(benchmark, own);
        foreach (var problem in own.Items) problems.At("/benchmark").Add(problem.Pointer, problem.Detail);
    }

    private static void CheckTimes(string? cron, string? timeZone, ProblemList problems)
    {
        if (cron is not null) CronLine.Check(cron, "/cron", problems);
        if (timeZone is not null) TimeZones.Check(timeZone, "/time_zone", problems);
    }
}
