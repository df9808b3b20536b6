using KdService.Core.Runs;
using KdService.Core.Wire;

namespace KdService.Core.Schedules;

/// <summary>Sets the numbers of a run beside those of the runs before it.</summary>
public static class RunComparison
{
    /// <summary>The numbers that stand for a whole job: test accuracy of its own network's best and last epoch, and how long it took.</summary>
    public static IReadOnlyDictionary<string, double> Headline(RunReport report)
    {
        var numbers = new Dictionary<string, double>();
        if (report.Models is [.., var own])
        {
            numbers["best_accuracy"] = own.Best.Accuracy;
            if (own.Last is { } last) numbers["last_accuracy"] = last.Accuracy;
        }
        numbers["seconds"] = report.Seconds;
        return numbers;
    }

    /// <summary>Every number of a run with its change and its interval.</summary>
    /// <param name="run">The run's numbers by name.</param>
    /// <param name="earlier">Those of the runs before it that succeeded, the latest first.</param>
    public static IReadOnlyList<RunNumber> Compare(
        IReadOnlyDictionary<string, double> run, IReadOnlyList<IReadOnlyDictionary<string, double>> earlier) =>
        [.. run.Select(number => Compare(number.Key, number.Value, [.. earlier.Where(other => other.ContainsKey(number.Key)).Select(other => other[number.Key])]))];

    private static RunNumber Compare(string metric, double value, List<double> earlier)
    {
        var interval = PredictionInterval.From(earlier);
        return new RunNumber
        {
            Metric = metric,
            Value = value,
            Change = earlier.Count > 0 ? value - earlier[0] : null,
            Interval = interval,
            Outside = interval?.Excludes(value) == true,
        };
    }
}
