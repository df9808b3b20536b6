namespace KdService.Core.Datasets;

/// <summary>What inputs are.</summary>
public enum InputKind
{
    /// <summary>Colour pictures.</summary>
    Pictures,

    /// <summary>Vectors of numbers.</summary>
    Vectors,

    /// <summary>Texts, cut into tokens.</summary>
    Text,
}

/// <summary>What is predicted of an input.</summary>
public enum Target
{
    /// <summary>One of several classes.</summary>
    Class,

    /// <summary>A number: regression.</summary>
    Value,

    /// <summary>A stretch of the text, from one token to another.</summary>
    Span,

    /// <summary>The word at every place of the text.</summary>
    Word,
}

/// <summary>What a network has to fit: the shape of one input, and what is predicted of it.</summary>
/// <param name="Channels">Channels of a picture; length of a vector; 2 for a text, whose tokens and segments they are.</param>
/// <param name="Height">Rows; 1 for a vector or a text.</param>
/// <param name="Width">Columns; 1 for a vector; the most tokens of a text.</param>
/// <param name="Classes">Number of outputs: classes; 1 for a value; 2, start and end, for a span; the vocabulary for a word.</param>
public readonly record struct DataShape(int Channels, int Height, int Width, int Classes)
{
    /// <summary>Entries of the vocabulary of a text's tokens; 0 for anything else.</summary>
    public int Vocabulary { get; init; }

    /// <summary>What is predicted.</summary>
    public Target Target { get; init; }

    /// <summary>Numbers that a network answers one input of the greatest length with: a logit for each class, or for each place that a span may start and end at.</summary>
    public int Outputs => Target == Target.Span ? Classes * Width : Classes;

    /// <summary>Numbers in one input.</summary>
    public int Values => Channels * Height * Width;

    /// <summary>The same texts for a network that predicts their words.</summary>
    public DataShape OfWords => this with { Target = Target.Word, Classes = Vocabulary };

    /// <summary>What inputs are.</summary>
    public InputKind Kind => Vocabulary > 0 ? InputKind.Text : (Height, Width) == (1, 1) ? InputKind.Vectors : InputKind.Pictures;

    /// <summary>Colour pictures of 32x32, which most networks are made for.</summary>
    public static DataShape Pictures(int classes) => new(3, 32, 32, classes);

    /// <summary>Vectors.</summary>
    public static DataShape Vectors(int length, int classes) => new(length, 1, 1, classes);

    /// <summary>Texts of at most so many tokens.</summary>
    /// <param name="vocabulary">Entries of the vocabulary.</param>
    /// <param name="length">The most tokens of a text, the special ones included.</param>
    /// <param name="target">What is predicted.</param>
    /// <param name="classes">Number of classes, where a class is.</param>
    public static DataShape Text(int vocabulary, int length, Target target, int classes) =>
        new(2, 1, length, target switch { Target.Value => 1, Target.Span => 2, _ => classes }) { Vocabulary = vocabulary, Target = target };

    /// <summary>The shape of one input in words, as error messages print it.</summary>
    public override string ToString() => Kind switch
    {
        InputKind.Text => $"texts of at most {Width} tokens",
        InputKind.Vectors => $"vectors of {Channels}",
        _ => $"pictures of {Channels}x{Height}x{Width}",
    };
}
