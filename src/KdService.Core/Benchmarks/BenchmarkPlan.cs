using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Benchmarks;

/// <summary>A benchmark that can be carried out: every cell a complete spec.</summary>
public sealed record BenchmarkPlan
{
    /// <summary>What the user asked for.</summary>
    public required BenchmarkSpec Spec { get; init; }

    /// <summary>The rows of the report, in the order of the matrix.</summary>
    public required IReadOnlyList<BenchmarkRow> Rows { get; init; }

    /// <summary>The seeds of every row.</summary>
    public required IReadOnlyList<long> Seeds { get; init; }

    /// <summary>The label of the method, or of the one row, that the others are compared with.</summary>
    public required string Baseline { get; init; }

    /// <summary>Every cell, seed by seed, so that a benchmark under way has all its rows early.</summary>
    public IEnumerable<BenchmarkCell> Cells =>
        from seed in Seeds
        from row in Rows
        select new BenchmarkCell(row, seed, row.Spec with { Seed = seed, Name = Shorten($"{row.Label}, seed {seed}", 100) });

    private static string Shorten(string text, int length) => text.Length <= length ? text : text[..(length - 2)] + "..";
}

/// <summary>A method with its options and a student: what a line of the report is about.</summary>
public sealed record BenchmarkRow
{
    /// <summary>Unique in the benchmark: the method's label, with the student and the options where those vary.</summary>
    public required string Label { get; init; }

    /// <summary>The method's label.</summary>
    public required string Method { get; init; }

    /// <summary>The student's network.</summary>
    public required string Student { get; init; }

    /// <summary>The values of the fields that the matrix varies, by their pointers, as JSON.</summary>
    public required IReadOnlyDictionary<string, string> Options { get; init; }

    /// <summary>The spec of its cells, with the first seed.</summary>
    public required JobSpec Spec { get; init; }

    /// <summary>Where the benchmark document gives parts of the spec, by their pointers.</summary>
    internal IReadOnlyDictionary<string, string> Places { get; init; } = new Dictionary<string, string>();

    /// <summary>Where in the benchmark document a place of the cell's spec comes from.</summary>
    public string PlaceOf(string pointer) => Place(Places, pointer);

    internal static string Place(IReadOnlyDictionary<string, string> places, string pointer)
    {
        // The nearest place that holds it; else one that it holds, whose choice made it; else the base.
        var holder = places.Keys.Where(target => JsonPointer.Below(pointer, target) is not null).MaxBy(target => target.Length);
        if (holder is not null) return places[holder] + JsonPointer.Below(pointer, holder);
        var held = places.Keys.FirstOrDefault(target => pointer.Length > 0 && JsonPointer.Below(target, pointer) is not null);
        return held is not null ? places[held] : "/base" + pointer;
    }
}

/// <summary>One job of a benchmark.</summary>
/// <param name="Row">Its row.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Spec">Its spec.</param>
public sealed record BenchmarkCell(BenchmarkRow Row, long Seed, JobSpec Spec);
