namespace KdService.Distillation.Data;

/// <summary>Labelled samples in memory.</summary>
/// <param name="labels">The class of each sample, from 0.</param>
/// <param name="classes">Number of classes.</param>
/// <param name="shape">Shape of one input.</param>
public abstract class SampleSet(int[] labels, int classes, (int Channels, int Height, int Width) shape)
{
    /// <summary>The class of each sample, from 0.</summary>
    public int[] Labels { get; } = labels;

    /// <summary>Number of classes.</summary>
    public int Classes { get; } = classes;

    /// <summary>Shape of one input.</summary>
    public (int Channels, int Height, int Width) Shape { get; } = shape;

    /// <summary>Number of samples.</summary>
    public int Count => Labels.Length;

    /// <summary>All inputs, as they lie in memory.</summary>
    public abstract ReadOnlySpan<byte> Content { get; }
}
