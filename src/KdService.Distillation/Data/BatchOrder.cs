namespace KdService.Distillation.Data;

/// <summary>The order in which an epoch shows the training samples.</summary>
public static class BatchOrder
{
    private const long Purpose = 2;

    // Batches whose samples are sorted by length together: enough for batches of like lengths, few enough to leave the order random.
    private const int Window = 50;

    /// <summary>A permutation of the indices that depends on seed, stage and epoch alone.</summary>
    public static int[] Of(long seed, int stage, int epoch, ReadOnlySpan<int> indices)
    {
        var order = indices.ToArray();
        new SeededRandom(Purpose, seed, stage, epoch).Shuffle<int>(order);
        return order;
    }

    /// <summary>
    /// A permutation whose batches have samples of like length: stretches of the random order are sorted by length and cut into
    /// batches, and the batches shuffled. A short last batch stays random and last.
    /// </summary>
    /// <param name="seed">The job's seed.</param>
    /// <param name="stage">The stage, from 0.</param>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="indices">The samples.</param>
    /// <param name="batchSize">Samples of a batch.</param>
    /// <param name="lengthOf">A sample's length.</param>
    public static int[] OfLikeLengths(long seed, int stage, int epoch, ReadOnlySpan<int> indices, int batchSize, Func<int, int> lengthOf)
    {
        var order = Of(seed, stage, epoch, indices);
        var whole = order.Length / batchSize * batchSize;
        var batches = order[..whole].Chunk(batchSize * Window).SelectMany(stretch => stretch.OrderBy(lengthOf).Chunk(batchSize)).ToArray();
        new SeededRandom(Purpose, seed, stage, epoch, batches.Length).Shuffle<int[]>(batches);
        return [.. batches.SelectMany(batch => batch), .. order[whole..]];
    }
}
