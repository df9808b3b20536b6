using System.Text.Json;
using KdService.Core.Benchmarks;
using KdService.Core.Schedules;
using KdService.Core.Schema;

namespace KdService.Core.Specs;

/// <summary>Tells documents apart by their fields, so that one in another's place is called by its name.</summary>
internal static class DocumentKind
{
    private static readonly (Type Type, string Words, Func<JsonElement, bool> Shows)[] Kinds =
    [
        (typeof(JobSpec), "a job spec: kd submit or kd run takes it, or POST /v1/jobs", document => Has(document, "dataset") && Has(document, "student")),
        (typeof(BenchmarkSpec), "a benchmark: kd benchmark takes it, or POST /v1/benchmarks", document => Has(document, "base") && Has(document, "matrix")),
        (typeof(ScheduleSpec), "a schedule: kd schedule create takes it, or POST /v1/schedules", document => Has(document, "cron") && (Has(document, "job") || Has(document, "benchmark"))),
    ];

    /// <summary>Notes a document that is, beyond mistaking, of another kind than the one asked for; returns whether it is the one asked for, or like none.</summary>
    public static bool Require<T>(JsonElement document, ProblemList problems) =>
        document.ValueKind != JsonValueKind.Object
        || Kinds.Where(kind => kind.Shows(document)).ToList() is not [var (type, words, _)]
        || problems.Require(type == typeof(T), "", $"this is {words}");

    private static bool Has(JsonElement document, string field) => document.TryGetProperty(field, out _);
}
