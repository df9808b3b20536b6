namespace KdService.Distillation.Data;

/// <summary>Which part of a picture padded by <see cref="Padding"/> black pixels on every side is seen, and whether mirrored.</summary>
/// <param name="Left">Columns cut off on the left of the padded picture, 0 to 8.</param>
/// <param name="Top">Rows cut off above, 0 to 8.</param>
/// <param name="Flip">Whether the crop is mirrored, left to right.</param>
internal readonly record struct Crop(int Left, int Top, bool Flip)
{
    /// <summary>Pixels added on every side.</summary>
    public const int Padding = 4;

    private const long Purpose = 4;

    /// <summary>The picture as it is.</summary>
    public static Crop None { get; } = new(Padding, Padding, false);

    /// <summary>The crop of one view of one sample.</summary>
    public static Crop Random(long seed, long view, int sample)
    {
        var random = new SeededRandom(Purpose, seed, view, sample);
        return new Crop(random.Below(2 * Padding + 1), random.Below(2 * Padding + 1), random.Below(2) == 1);
    }
}
