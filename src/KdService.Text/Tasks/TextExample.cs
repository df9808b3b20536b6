namespace KdService.Text.Tasks;

/// <summary>One text or pair of a data set and, where it is labelled, its class or its score.</summary>
/// <param name="Id">What the file calls it, or its number in the file from 0.</param>
/// <param name="TextA">The text, or the first of the pair.</param>
/// <param name="TextB">The second of a pair.</param>
/// <param name="Label">Its class, from 0; null in regression and where labels are hidden.</param>
/// <param name="Score">Its score; null in classification and where scores are hidden.</param>
public sealed record TextExample(string Id, string TextA, string? TextB = null, int? Label = null, double? Score = null);

/// <summary>The parts of a data set.</summary>
public enum TextSplit
{
    /// <summary>What is trained on.</summary>
    Train,

    /// <summary>What is chosen and measured on.</summary>
    Dev,

    /// <summary>What is measured on at the end; most benchmarks hide its labels.</summary>
    Test,
}

/// <summary>The examples of one part, as its file has them.</summary>
/// <param name="Labels">The classes; null in regression.</param>
/// <param name="Examples">At least one, in the order of the file.</param>
/// <param name="Skipped">Lines left out: those known to be cut short in the original, and those without a gold label.</param>
public sealed record TextSet(LabelSet? Labels, IReadOnlyList<TextExample> Examples, int Skipped = 0)
{
    /// <summary>Whether examples are pairs.</summary>
    public bool IsPair => Examples[0].TextB is not null;

    /// <summary>Whether examples have scores rather than classes.</summary>
    public bool IsRegression => Labels is null;

    /// <summary>Whether every example has its label or score.</summary>
    public bool IsLabelled => Examples.All(example => example.Label is not null || example.Score is not null);
}
