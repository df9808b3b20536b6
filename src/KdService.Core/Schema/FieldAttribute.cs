namespace KdService.Core.Schema;

/// <summary>
/// Describes one field of a document that users write. Reading, validation, the JSON schema, Swagger and the
/// documentation all come from this one place, so they cannot disagree.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FieldAttribute(string description) : Attribute
{
    /// <summary>What the field means, in one or two sentences.</summary>
    public string Description { get; } = description;

    /// <summary>The least value a number may take; with <see cref="ExclusiveMin"/>, a bound it must exceed.</summary>
    public double Min { get; init; } = double.NegativeInfinity;

    /// <summary>The greatest value a number may take.</summary>
    public double Max { get; init; } = double.PositiveInfinity;

    /// <summary>Whether <see cref="Min"/> itself is refused.</summary>
    public bool ExclusiveMin { get; init; }

    /// <summary>A regular expression that the whole string must match.</summary>
    public string? Pattern { get; init; }

    /// <summary>What <see cref="Pattern"/> asks for, for error messages; the pattern itself stands there when this is left out.</summary>
    public string? PatternInWords { get; init; }

    /// <summary>Paths below the data root, to the dot before their ending: none leads out of it.</summary>
    internal const string PathPattern = @"(?!/)(?!.*\.\.)[A-Za-z0-9_./ -]+\.";

    /// <summary>What paths below the data root are made of.</summary>
    internal const string PathCharacters = "letters, digits, spaces and _ . / -, without .. and with no / at its beginning";

    /// <summary>The most characters of a string, of each string where the field is a list or a map.</summary>
    public int MaxLength { get; init; } = 256;

    /// <summary>The most elements of a list.</summary>
    public int MaxItems { get; init; } = 256;

    /// <summary>Where the default comes from: the evidence mark and source key of the method reference.</summary>
    public string? Evidence { get; init; }

    /// <summary>The accepted numbers in words, as error messages print them.</summary>
    public string RangeInWords => (double.IsInfinity(Min), double.IsInfinity(Max), ExclusiveMin) switch
    {
        (true, true, _) => "any finite number",
        (true, false, _) => $"at most {Max}",
        (false, true, false) => $"at least {Min}",
        (false, true, true) => $"above {Min}",
        (false, false, false) => $"from {Min} to {Max}",
        (false, false, true) => $"above {Min}, at most {Max}",
    };

    /// <summary>Whether a number lies in the range.</summary>
    public bool Accepts(double value) =>
        double.IsFinite(value) && (ExclusiveMin ? value > Min : value >= Min) && value <= Max;
}
