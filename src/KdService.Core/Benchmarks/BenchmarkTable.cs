using System.Text.Json;
using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Wire;

namespace KdService.Core.Benchmarks;

/// <summary>What a row is, as it was submitted.</summary>
/// <param name="Label">Unique in the benchmark.</param>
/// <param name="Method">The method's label.</param>
/// <param name="Student">The student's network.</param>
/// <param name="Options">The values of the fields that the matrix varies, by their pointers.</param>
/// <param name="Parameters">Trainable parameters of the student.</param>
/// <param name="MultiplyAdds">Multiply-accumulate operations of one forward pass of one sample.</param>
public sealed record BenchmarkRowKey(
    string Label, string Method, string Student, IReadOnlyDictionary<string, JsonElement> Options, long Parameters, long MultiplyAdds);

/// <summary>Where a cell is, and what came of it.</summary>
/// <param name="Row">Its row's label.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Job">Its job; null until it is submitted.</param>
/// <param name="State">The job's state.</param>
/// <param name="WallSeconds">From the first attempt's start to the end.</param>
/// <param name="Report">What came of it, if it has succeeded.</param>
public sealed record BenchmarkOutcome(string Row, long Seed, string? Job, JobState? State, double? WallSeconds, RunReport? Report)
{
    /// <summary>The results of the network that the job is for; null where there are none.</summary>
    public ModelReport? Student => State == JobState.Succeeded && Report is { Models: [.., var student] } ? student : null;
}

/// <summary>A benchmark's table, from what its jobs have reported so far.</summary>
public static class BenchmarkTable
{
    /// <summary>What jobs are called that are still to be submitted.</summary>
    public const string Planned = "planned";

    /// <summary>The rows in their order, without comparisons.</summary>
    public static IReadOnlyList<BenchmarkRowView> Of(IReadOnlyList<BenchmarkRowKey> rows, IReadOnlyList<BenchmarkOutcome> outcomes)
    {
        var cells = outcomes.ToLookup(outcome => outcome.Row);
        List<BenchmarkRowView> views = [.. rows.Select(row => Row(row, [.. cells[row.Label]]))];
        var parameters = ParetoFront.Of([.. views.Select(view => (view.Best?.Mean, (double?)view.Parameters))]);
        var multiplyAdds = ParetoFront.Of([.. views.Select(view => (view.Best?.Mean, (double?)view.MultiplyAdds))]);
        var latency = ParetoFront.Of([.. views.Select(view => (view.Best?.Mean, view.Latency is [var smallest, ..] ? smallest.P50 : (double?)null))]);
        return [.. views.Select((view, index) => view.Best is null ? view : view with { Pareto = new ParetoView(parameters[index], multiplyAdds[index], latency[index]) })];
    }

    /// <summary>Jobs by state, in the order of a job's life.</summary>
    public static IReadOnlyDictionary<string, int> Count(IEnumerable<JobState?> states)
    {
        var counts = states.GroupBy(state => state).OrderBy(same => same.Key);
        return new OrderedDictionary<string, int>(counts.Select(same => KeyValuePair.Create(same.Key is { } state ? Json.Naming.ConvertName($"{state}") : Planned, same.Count())));
    }

    /// <summary>The row that a row is compared with: the baseline method's with the same student and options, or the one row of that label; null for a baseline.</summary>
    public static BenchmarkRowKey? BaselineOf(BenchmarkRowKey row, IReadOnlyList<BenchmarkRowKey> rows, string baseline)
    {
        if (row.Method == baseline || row.Label == baseline) return null;
        return rows.FirstOrDefault(other => other.Method == baseline && other.Student == row.Student
                && other.Options.All(option => row.Options.TryGetValue(option.Key, out var value) && JsonElement.DeepEquals(value, option.Value)))
            ?? rows.FirstOrDefault(other => other.Label == baseline);
    }

    private static IReadOnlyList<BenchmarkRobustness> Robustness(List<BenchmarkOutcome> done) =>
    [
        .. done.SelectMany(cell => cell.Student!.Robustness?.Scores ?? []).GroupBy(score => score.Name).Select(same => new BenchmarkRobustness
        {
            Name = same.Key,
            Score = Spread.Of(same.Select(score => (double?)score.Score))!,
            Metric = same.First().Metric,
            Clean = Spread.Of(same.Select(score => score.Clean)),
            SuccessRate = Spread.Of(same.Select(score => score.SuccessRate)),
            Change = Spread.Of(same.Select(score => score.Change)),
            Queries = Spread.Of(same.Select(score => score.Queries)),
            Agreement = Spread.Of(same.Select(score => score.Agreement)),
            Ece = Spread.Of(same.Select(score => score.Ece)),
            Warnings = [.. same.SelectMany(score => score.Warnings).Distinct()],
        }),
    ];

    private static BenchmarkRowView Row(BenchmarkRowKey row, List<BenchmarkOutcome> cells)
    {
        List<BenchmarkOutcome> done = [.. cells.Where(cell => cell.Student is not null)];
        Spread? Over(Func<ModelReport, double?> value) => Spread.Of(done.Select(cell => value(cell.Student!)));
        return new BenchmarkRowView
        {
            Label = row.Label,
            Method = row.Method,
            Student = row.Student,
            Options = row.Options,
            Jobs = Count(cells.Select(cell => cell.State)),
            Metric = done.FirstOrDefault()?.Student!.Best.Metric,
            Last = Over(student => student.Last?.Score),
            Best = Over(student => student.Best.Score),
            Agreement = Over(student => student.Best.Agreement),
            Nll = Over(student => student.Best.Nll),
            Ece = Over(student => student.Best.Ece),
            Robustness = Robustness(done),
            WallSeconds = Spread.Of(done.Select(cell => cell.WallSeconds)),
            TrainerSeconds = Spread.Of(done.Select(cell => cell.Report?.Seconds)),
            Parameters = row.Parameters,
            MultiplyAdds = row.MultiplyAdds,
            Latency = [.. done.SelectMany(cell => cell.Student!.Latency).GroupBy(latency => latency.Batch).OrderBy(batch => batch.Key).Select(batch =>
                new BenchmarkLatency(batch.Key, batch.Count(), batch.Average(latency => latency.P50), batch.Average(latency => latency.P95), batch.Average(latency => latency.P99)))],
        };
    }
}
