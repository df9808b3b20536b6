using System.Globalization;
using KdService.Core.Datasets;

namespace KdService.Core.Runs;

/// <summary>
/// What the network that a job is for was last worth on the selection split. It has a series of its own, named by the metric: those under
/// <c>selection/</c> are of whatever network is being trained, assistants too.
/// </summary>
/// <param name="Metric">What the network is judged by.</param>
/// <param name="Value">How it was judged.</param>
public sealed record SelectionScore(ScoreMetric Metric, double Value)
{
    private static readonly IReadOnlyList<(ScoreMetric Metric, string Series)> All = [.. Enum.GetValues<ScoreMetric>().Select(metric => (metric, SeriesOf(metric)))];

    /// <summary>The series of a metric, e.g. <c>score/pearson</c>.</summary>
    public static string SeriesOf(ScoreMetric metric) => $"score/{EvaluationResult.NameOf(metric)}";

    /// <summary>The score among values of series; null where there is none.</summary>
    public static SelectionScore? In(IReadOnlyDictionary<string, double>? values)
    {
        foreach (var (metric, series) in All)
            if (values?.TryGetValue(series, out var value) == true) return new SelectionScore(metric, value);
        return null;
    }

    /// <summary><c>61.2 %</c> of accuracy, else the value and its name: <c>0.871 pearson</c>.</summary>
    public override string ToString() => Metric == ScoreMetric.Accuracy
        ? string.Create(CultureInfo.InvariantCulture, $"{100 * Value:0.0} %")
        : string.Create(CultureInfo.InvariantCulture, $"{Value:0.000} {EvaluationResult.NameOf(Metric)}");
}
