namespace KdService.Text.Metrics;

/// <summary>How well predicted classes agree with the labels.</summary>
public static class ClassificationMetrics
{
    /// <summary>The share of examples whose class is right.</summary>
    /// <exception cref="ArgumentException">There are no examples, or the lengths differ.</exception>
    public static MetricValue Accuracy(ReadOnlySpan<int> predicted, ReadOnlySpan<int> labels)
    {
        Check(predicted, labels);
        var right = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            if (predicted[i] == labels[i]) right++;
        }
        return new("accuracy", (double)right / labels.Length);
    }

    /// <summary>F1 of class 1, the positive one.</summary>
    /// <inheritdoc cref="Accuracy" path="/exception"/>
    public static MetricValue F1(ReadOnlySpan<int> predicted, ReadOnlySpan<int> labels)
    {
        Check(predicted, labels);
        return ClassF1(predicted, labels, 1) is { } f1 ? new("f1", f1) : new("f1", 0, "neither labels nor predictions have class 1");
    }

    /// <summary>Matthews' correlation; of more than two classes Gorodkin's R_K.</summary>
    /// <inheritdoc cref="Accuracy" path="/exception"/>
    public static MetricValue Matthews(ReadOnlySpan<int> predicted, ReadOnlySpan<int> labels)
    {
        Check(predicted, labels);
        var (predictedCounts, labelCounts) = (new Dictionary<int, long>(), new Dictionary<int, long>());
        long right = 0, count = labels.Length;
        for (var i = 0; i < labels.Length; i++)
        {
            predictedCounts[predicted[i]] = predictedCounts.GetValueOrDefault(predicted[i]) + 1;
            labelCounts[labels[i]] = labelCounts.GetValueOrDefault(labels[i]) + 1;
            if (predicted[i] == labels[i]) right++;
        }
        if (labelCounts.Count == 1) return new("matthews", 0, "all labels are of one class");
        if (predictedCounts.Count == 1) return new("matthews", 0, "all predictions are of one class");
        // (c s - sum p_k t_k) / sqrt((s^2 - sum p_k^2) (s^2 - sum t_k^2))
        var chance = labelCounts.Sum(label => label.Value * predictedCounts.GetValueOrDefault(label.Key));
        var (p, t) = (count * count - predictedCounts.Values.Sum(n => n * n), count * count - labelCounts.Values.Sum(n => n * n));
        return new("matthews", (right * count - chance) / Math.Sqrt((double)p * t));
    }

    /// <summary>2 tp / (2 tp + fp + fn), or null where neither has the class.</summary>
    private static double? ClassF1(ReadOnlySpan<int> predicted, ReadOnlySpan<int> labels, int c)
    {
        var (both, either) = (0, 0);
        for (var i = 0; i < labels.Length; i++)
        {
            if (predicted[i] == c) either++;
            if (labels[i] == c) either++;
            if (predicted[i] == c && labels[i] == c) both++;
        }
        return either == 0 ? null : 2.0 * both / either;
    }

    private static void Check(ReadOnlySpan<int> predicted, ReadOnlySpan<int> labels)
    {
        if (labels.Length == 0 || predicted.Length != labels.Length) throw new ArgumentException($"{predicted.Length} predictions and {labels.Length} labels given; as many of each, and at least one");
    }
}
