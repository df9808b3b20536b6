namespace KdService.Core.Datasets;

/// <summary>What a network has to fit: the shape of one input and the number of classes.</summary>
/// <param name="Channels">Channels of a picture; length of a vector.</param>
/// <param name="Height">Rows; 1 for a vector.</param>
/// <param name="Width">Columns; 1 for a vector.</param>
/// <param name="Classes">Number of classes.</param>
public readonly record struct DataShape(int Channels, int Height, int Width, int Classes)
{
    /// <summary>Numbers in one input.</summary>
    public int Values => Channels * Height * Width;

    /// <summary>Whether inputs are vectors.</summary>
    public bool IsVector => (Height, Width) == (1, 1);

    /// <summary>Colour pictures of 32x32, which most networks are made for.</summary>
    public static DataShape Pictures(int classes) => new(3, 32, 32, classes);

    /// <summary>The shape of one input in words, as error messages print it.</summary>
    public override string ToString() => IsVector ? $"vectors of {Channels}" : $"pictures of {Channels}x{Height}x{Width}";
}
