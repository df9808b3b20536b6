using System.Runtime.InteropServices;
using KdService.Core.Datasets;

namespace KdService.Distillation.Data;

/// <summary>Labelled vectors in memory.</summary>
public sealed class VectorSet : SampleSet
{
    /// <summary>Takes over values and labels.</summary>
    /// <exception cref="ArgumentException">The values are not as many as the labels and the dimension ask for.</exception>
    public VectorSet(float[] values, int[] labels, int classes, int dimension) : base(labels, DataShape.Vectors(dimension, classes))
    {
        var expected = (long)labels.Length * dimension;
        if (values.Length != expected) throw new ArgumentException($"{values.Length} numbers given; {labels.Length} vectors of {dimension} have {expected}", nameof(values));
        Values = values;
    }

    /// <summary>Vector after vector, <c>[count, dimension]</c>.</summary>
    public float[] Values { get; }

    /// <inheritdoc />
    public override ReadOnlySpan<byte> Content => MemoryMarshal.AsBytes(Values.AsSpan());
}
