namespace KdService.Core.Plans;

/// <summary>Maps the checkpoints of a teacher's training onto the epochs of a student's.</summary>
public static class Route
{
    /// <summary>So many of the checkpoints, evenly spaced; the last is always one of them.</summary>
    /// <param name="checkpoints">All there are, rising.</param>
    /// <param name="count">How many to take, at most as many as there are.</param>
    public static IReadOnlyList<int> Thin(IReadOnlyList<int> checkpoints, int count) =>
        [.. Enumerable.Range(1, count).Select(place => checkpoints[(place * checkpoints.Count + count - 1) / count - 1])];

    /// <summary>Each checkpoint in turn for an equal share of the epochs: epoch e shows checkpoint min(k-1, floor(e k / n)).</summary>
    /// <param name="checkpoints">The k checkpoints, in the order they are shown.</param>
    /// <param name="epochs">The n epochs.</param>
    public static IReadOnlyList<int> Even(IReadOnlyList<int> checkpoints, int epochs) =>
        [.. Enumerable.Range(0, epochs).Select(epoch => checkpoints[(int)Math.Min(checkpoints.Count - 1, (long)epoch * checkpoints.Count / epochs)])];
}
