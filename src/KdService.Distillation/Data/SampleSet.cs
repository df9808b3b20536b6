using KdService.Core.Datasets;

namespace KdService.Distillation.Data;

/// <summary>Labelled samples in memory.</summary>
/// <param name="labels">The class of each sample, from 0; zeros where a value or a span is predicted.</param>
/// <param name="shape">Shape of one input, and what is predicted of it.</param>
public abstract class SampleSet(int[] labels, DataShape shape)
{
    /// <summary>The class of each sample, from 0; zeros where a value or a span is predicted.</summary>
    public int[] Labels { get; } = labels;

    /// <summary>The value to predict of each sample; null where none is.</summary>
    public float[]? Targets { get; init; }

    /// <summary>The first and the last token of the span to find in each sample; null where none is.</summary>
    public (int First, int Last)[]? Spans { get; init; }

    /// <summary>Number of classes.</summary>
    public int Classes => Shape.Classes;

    /// <summary>Shape of one input, and what is predicted of it.</summary>
    public DataShape Shape { get; } = shape;

    /// <summary>Number of samples.</summary>
    public int Count => Labels.Length;

    /// <summary>All inputs, as they lie in memory.</summary>
    public abstract ReadOnlySpan<byte> Content { get; }

    /// <summary>Length of a sample where inputs differ in length, and are the cheaper the more alike those of a batch are.</summary>
    public virtual int LengthOf(int sample) => 1;
}
