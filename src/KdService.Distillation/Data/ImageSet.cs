namespace KdService.Distillation.Data;

/// <summary>Labelled pictures in memory, as bytes.</summary>
public sealed class ImageSet
{
    /// <summary>Takes over pixels and labels.</summary>
    /// <exception cref="ArgumentException">The pixels are not as many as the labels and the shape ask for.</exception>
    public ImageSet(byte[] pixels, int[] labels, int classes, (int Channels, int Height, int Width) shape)
    {
        var bytes = (long)labels.Length * shape.Channels * shape.Height * shape.Width;
        if (pixels.Length != bytes) throw new ArgumentException($"{pixels.Length} bytes given; {labels.Length} pictures of {shape} have {bytes}", nameof(pixels));
        (Pixels, Labels, Classes, Shape) = (pixels, labels, classes, shape);
    }

    /// <summary>Picture after picture, each plane after plane, each row after row: <c>[count, channels, height, width]</c>.</summary>
    public byte[] Pixels { get; }

    /// <summary>The class of each picture, from 0.</summary>
    public int[] Labels { get; }

    /// <summary>Number of classes.</summary>
    public int Classes { get; }

    /// <summary>Shape of one picture.</summary>
    public (int Channels, int Height, int Width) Shape { get; }

    /// <summary>Number of pictures.</summary>
    public int Count => Labels.Length;
}
