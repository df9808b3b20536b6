namespace KdService.Text.Metrics;

/// <summary>A measured number, never NaN.</summary>
/// <param name="Name">What it is called: <c>accuracy</c>, <c>f1</c>, <c>macro_f1</c>, <c>matthews</c>, <c>pearson</c>, <c>spearman</c>.</param>
/// <param name="Value">0 where it is not defined.</param>
/// <param name="Note">Why it is not defined, or null where it is.</param>
public sealed record MetricValue(string Name, double Value, string? Note = null);
