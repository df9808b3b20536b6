using KdService.Core.Runs;
using KdService.Core.Wire;

namespace KdService.Core.Schedules;

/// <summary>What a number of a run says.</summary>
/// <param name="Row">The row of the benchmark that it belongs to; null for a job.</param>
/// <param name="Metric">What was measured.</param>
public readonly record struct Measure(string? Row, string Metric)
{
    /// <summary>Test accuracy of the best epoch, in [0, 1].</summary>
    public const string Best = "best_accuracy";

    /// <summary>Test accuracy of the last epoch, in [0, 1].</summary>
    public const string Last = "last_accuracy";

    /// <summary>Seconds of the trainer.</summary>
    public const string Seconds = "seconds";
}

/// <summary>Sets the numbers of a run beside those of the runs before it.</summary>
public static class RunComparison
{
    /// <summary>The numbers that stand for a whole job: test accuracy of its own network's best and last epoch, and how long it took.</summary>
    public static IReadOnlyDictionary<Measure, double> Headline(RunReport report)
    {
        var own = report.Models is [.., var last] ? last : null;
        return Headline(null, own?.Best.Score, own?.Last?.Score, report.Seconds);
    }

    /// <summary>The same for one row; numbers that are not known are left out.</summary>
    public static IReadOnlyDictionary<Measure, double> Headline(string? row, double? best, double? last, double? seconds)
    {
        var numbers = new OrderedDictionary<Measure, double>();
        foreach (var (metric, value) in new[] { (Measure.Best, best), (Measure.Last, last), (Measure.Seconds, seconds) })
            if (value is { } known) numbers[new Measure(row, metric)] = known;
        return numbers;
    }

    /// <summary>Every number of a run with its change and its interval.</summary>
    /// <param name="run">The run's numbers.</param>
    /// <param name="earlier">Those of the runs before it that succeeded, the latest first.</param>
    public static IReadOnlyList<RunNumber> Compare(
        IReadOnlyDictionary<Measure, double> run, IReadOnlyList<IReadOnlyDictionary<Measure, double>> earlier) =>
        [.. run.Select(number => Compare(number.Key, number.Value, [.. earlier.Where(other => other.ContainsKey(number.Key)).Select(other => other[number.Key])]))];

    private static RunNumber Compare(Measure measure, double value, List<double> earlier)
    {
        var interval = PredictionInterval.From(earlier);
        return new RunNumber
        {
            Row = measure.Row,
            Metric = measure.Metric,
            Value = value,
            Change = earlier.Count > 0 ? value - earlier[0] : null,
            Interval = interval,
            Outside = interval?.Excludes(value) == true,
        };
    }
}
