namespace KdService.Distillation.Data;

/// <summary>Keeps training samples aside on which the best epoch is chosen.</summary>
public static class Holdout
{
    private const long Purpose = 1;

    /// <summary>Draws <paramref name="held"/> of the samples 0 to <paramref name="samples"/> - 1; the same for the same seed and counts.</summary>
    /// <returns>Indices of the samples to train on and to select on, each in rising order.</returns>
    /// <exception cref="ArgumentOutOfRangeException">More samples are to be held than there are, or fewer than none.</exception>
    public static (int[] Train, int[] Selection) Split(long seed, int samples, int held)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(held);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(held, samples);
        var all = Enumerable.Range(0, samples).ToArray();
        new SeededRandom(Purpose, seed).Shuffle<int>(all);
        var (selection, train) = (all[..held], all[held..]);
        Array.Sort(selection);
        Array.Sort(train);
        return (train, selection);
    }
}
