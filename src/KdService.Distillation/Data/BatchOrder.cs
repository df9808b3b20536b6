namespace KdService.Distillation.Data;

/// <summary>The order in which an epoch shows the training samples.</summary>
public static class BatchOrder
{
    private const long Purpose = 2;

    /// <summary>A permutation of the indices that depends on seed, stage and epoch alone.</summary>
    public static int[] Of(long seed, int stage, int epoch, ReadOnlySpan<int> indices)
    {
        var order = indices.ToArray();
        new SeededRandom(Purpose, seed, stage, epoch).Shuffle<int>(order);
        return order;
    }
}
