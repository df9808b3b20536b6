namespace KdService.Text.Metrics;

/// <summary>How GLUE makes one number of a task's several (Wang et al. 2018): F1 and accuracy of MRPC and QQP, Pearson and Spearman of STS-B.</summary>
public static class GlueMetrics
{
    /// <summary>The mean of a task's metrics, <c>combined</c>.</summary>
    public static MetricValue Combined(MetricValue one, MetricValue other) => new("combined", (one.Value + other.Value) / 2);
}
