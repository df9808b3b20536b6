namespace KdService.Text.Metrics;

/// <summary>How predicted scores follow the true ones.</summary>
public static class CorrelationMetrics
{
    /// <summary>Pearson's correlation.</summary>
    /// <exception cref="ArgumentException">There are no examples, or the lengths differ.</exception>
    public static MetricValue Pearson(ReadOnlySpan<double> predicted, ReadOnlySpan<double> scores) => Correlation("pearson", predicted, scores, ranks: false);

    /// <summary>Spearman's: Pearson's of the ranks, equal values having their mean rank.</summary>
    /// <exception cref="ArgumentException">There are no examples, or the lengths differ.</exception>
    public static MetricValue Spearman(ReadOnlySpan<double> predicted, ReadOnlySpan<double> scores) => Correlation("spearman", predicted, scores, ranks: true);

    private static MetricValue Correlation(string name, ReadOnlySpan<double> predicted, ReadOnlySpan<double> scores, bool ranks)
    {
        if (scores.Length == 0 || predicted.Length != scores.Length) throw new ArgumentException($"{predicted.Length} predictions and {scores.Length} scores given; as many of each, and at least one");
        if (!AllFinite(predicted)) return new(name, 0, "not all predictions are finite");
        if (!AllFinite(scores)) return new(name, 0, "not all scores are finite");
        if (IsConstant(scores)) return new(name, 0, "all scores are the same");
        if (IsConstant(predicted)) return new(name, 0, "all predictions are the same");
        return new(name, ranks ? OfDeviations(Ranks(predicted), Ranks(scores)) : OfDeviations(predicted, scores));
    }

    private static double OfDeviations(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        var (meanX, meanY) = (Mean(x), Mean(y));
        double xx = 0, yy = 0, xy = 0;
        for (var i = 0; i < x.Length; i++)
        {
            var (dx, dy) = (x[i] - meanX, y[i] - meanY);
            xx += dx * dx;
            yy += dy * dy;
            xy += dx * dy;
        }
        // Deviations so small that their squares vanish are no deviations.
        var scale = Math.Sqrt(xx) * Math.Sqrt(yy);
        return scale > 0 && double.IsFinite(scale) ? Math.Clamp(xy / scale, -1, 1) : 0;
    }

    private static double[] Ranks(ReadOnlySpan<double> values)
    {
        var (sorted, order, ranks) = (values.ToArray(), new int[values.Length], new double[values.Length]);
        for (var i = 0; i < order.Length; i++) order[i] = i;
        Array.Sort(sorted, order);
        for (var start = 0; start < sorted.Length;)
        {
            var end = start + 1;
            while (end < sorted.Length && sorted[end] == sorted[start]) end++;
            for (var i = start; i < end; i++) ranks[order[i]] = (start + end + 1) / 2.0;
            start = end;
        }
        return ranks;
    }

    private static double Mean(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (var value in values) sum += value / values.Length;
        return sum;
    }

    private static bool AllFinite(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            if (!double.IsFinite(value)) return false;
        }
        return true;
    }

    private static bool IsConstant(ReadOnlySpan<double> values) => !values.ContainsAnyExcept(values[0]);
}
