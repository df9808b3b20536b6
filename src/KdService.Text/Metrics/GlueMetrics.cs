using KdService.Text.Tasks;

namespace KdService.Text.Metrics;

/// <summary>The metrics of a data set as its benchmark has them, and their combination.</summary>
public static class GlueMetrics
{
    /// <summary>The names of a data set's metrics, the first being the one it is known for: <c>f1</c> and <c>accuracy</c> of MRPC.</summary>
    public static IReadOnlyList<string> NamesFor(TextSource source) => source.Name switch
    {
        "CoLA" or "CoLA-OOD" or "AX" => ["matthews"],
        "MRPC" or "QQP" => ["f1", "accuracy"],
        _ when source.Labels is null => ["pearson", "spearman"],
        _ => ["accuracy"],
    };

    /// <summary>Measures predicted classes.</summary>
    /// <exception cref="ArgumentException">There are no examples, the lengths differ, or the data set has scores.</exception>
    public static IReadOnlyList<MetricValue> Measure(TextSource source, ReadOnlySpan<int> predicted, ReadOnlySpan<int> labels)
    {
        var measured = new List<MetricValue>();
        foreach (var name in NamesFor(source))
        {
            measured.Add(name switch
            {
                "accuracy" => ClassificationMetrics.Accuracy(predicted, labels),
                "f1" => ClassificationMetrics.F1(predicted, labels),
                "matthews" => ClassificationMetrics.Matthews(predicted, labels),
                _ => throw new ArgumentException($"{source.Name} has scores; classes given", nameof(source)),
            });
        }
        return measured;
    }

    /// <summary>Measures predicted scores.</summary>
    /// <exception cref="ArgumentException">There are no examples, or the lengths differ.</exception>
    public static IReadOnlyList<MetricValue> Measure(ReadOnlySpan<double> predicted, ReadOnlySpan<double> scores) =>
        [CorrelationMetrics.Pearson(predicted, scores), CorrelationMetrics.Spearman(predicted, scores)];

    /// <summary>A task's one number: the mean of its metrics.</summary>
    public static double Combined(IReadOnlyList<MetricValue> metrics) => metrics.Average(metric => metric.Value);

    /// <summary>The score of the benchmark: the mean over tasks, MNLI's two parts being one task and AX none.</summary>
    /// <param name="tasks">The number of each task (<see cref="Combined"/>).</param>
    /// <exception cref="ArgumentException">No task is given.</exception>
    public static double Score(IReadOnlyDictionary<string, double> tasks)
    {
        var scores = tasks.Where(task => task.Key != "AX").GroupBy(task => task.Key == "MNLI-mm" ? "MNLI" : task.Key, task => task.Value).Select(task => task.Average()).ToArray();
        return scores.Length > 0 ? scores.Average() : throw new ArgumentException("no task given; at least one of GLUE", nameof(tasks));
    }
}
