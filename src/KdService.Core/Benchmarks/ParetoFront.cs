namespace KdService.Core.Benchmarks;

/// <summary>The rows for which none is at least as accurate and as cheap, and better in one of the two.</summary>
public static class ParetoFront
{
    /// <summary>Whether each point is on the front; null for one without accuracy or cost.</summary>
    public static IReadOnlyList<bool?> Of(IReadOnlyList<(double? Accuracy, double? Cost)> points) =>
        [.. points.Select(bool? (point) => point is ({ } accuracy, { } cost) ? !points.Any(other => Beats(other, accuracy, cost)) : null)];

    private static bool Beats((double? Accuracy, double? Cost) other, double accuracy, double cost) =>
        other is ({ } its, { } price) && its >= accuracy && price <= cost && (its > accuracy || price < cost);
}
