using KdService.Core.Datasets;
using KdService.Core.Runs;

namespace KdService.Distillation.Evaluation;

/// <summary>The metrics of text tasks, all defined for every input: where a denominator is 0, so is the metric.</summary>
internal static class TaskMetrics
{
    /// <summary>The metric of predicted classes that a task is judged by, under its name; null for accuracy, which is always there.</summary>
    public static Dictionary<string, double>? OfClasses(ScoreMetric metric, ReadOnlySpan<int> predicted, ReadOnlySpan<int> labels)
    {
        var (truePositive, falsePositive, trueNegative, falseNegative) = (0.0, 0.0, 0.0, 0.0);
        for (var i = 0; i < labels.Length; i++)
        {
            _ = (predicted[i] == 1, labels[i] == 1) switch
            {
                (true, true) => truePositive++,
                (true, false) => falsePositive++,
                (false, true) => falseNegative++,
                _ => trueNegative++,
            };
        }
        return metric switch
        {
            ScoreMetric.F1 => Named(Ratio(2 * truePositive, 2 * truePositive + falsePositive + falseNegative)),
            ScoreMetric.Matthews => Named(Ratio(truePositive * trueNegative - falsePositive * falseNegative,
                Math.Sqrt((truePositive + falsePositive) * (truePositive + falseNegative) * (trueNegative + falsePositive) * (trueNegative + falseNegative)))),
            _ => null,
        };

        Dictionary<string, double> Named(double value) => new() { [EvaluationResult.NameOf(metric)] = value };
    }

    /// <summary>Pearson's correlation.</summary>
    public static double Pearson(IReadOnlyList<double> one, IReadOnlyList<double> other)
    {
        var (mean, otherMean) = (one.Average(), other.Average());
        var (product, square, otherSquare) = (0.0, 0.0, 0.0);
        for (var i = 0; i < one.Count; i++)
        {
            var (x, y) = (one[i] - mean, other[i] - otherMean);
            (product, square, otherSquare) = (product + x * y, square + x * x, otherSquare + y * y);
        }
        return Ratio(product, Math.Sqrt(square * otherSquare));
    }

    /// <summary>Spearman's correlation: Pearson's of the ranks, equals sharing the mean of theirs.</summary>
    public static double Spearman(IReadOnlyList<double> one, IReadOnlyList<double> other) => Pearson(Ranks(one), Ranks(other));

    private static double[] Ranks(IReadOnlyList<double> values)
    {
        var ranks = new double[values.Count];
        var before = 0;
        foreach (var equals in Enumerable.Range(0, values.Count).GroupBy(place => values[place]).OrderBy(group => group.Key))
        {
            var count = equals.Count();
            foreach (var place in equals) ranks[place] = before + (count + 1) / 2.0;
            before += count;
        }
        return ranks;
    }

    private static double Ratio(double part, double whole) => whole == 0 ? 0 : part / whole;
}
