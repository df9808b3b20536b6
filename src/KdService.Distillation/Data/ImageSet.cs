using KdService.Core.Datasets;

namespace KdService.Distillation.Data;

/// <summary>Labelled pictures in memory, as bytes.</summary>
public sealed class ImageSet : SampleSet
{
    /// <summary>Takes over pixels and labels.</summary>
    /// <exception cref="ArgumentException">The pixels are not as many as the labels and the shape ask for.</exception>
    public ImageSet(byte[] pixels, int[] labels, DataShape shape) : base(labels, shape)
    {
        var bytes = (long)labels.Length * shape.Values;
        if (pixels.Length != bytes) throw new ArgumentException($"{pixels.Length} bytes given; {labels.Length} pictures of {shape} have {bytes}", nameof(pixels));
        Pixels = pixels;
    }

    /// <summary>Picture after picture, each plane after plane, each row after row: <c>[count, channels, height, width]</c>.</summary>
    public byte[] Pixels { get; }

    /// <inheritdoc />
    public override ReadOnlySpan<byte> Content => Pixels;
}
