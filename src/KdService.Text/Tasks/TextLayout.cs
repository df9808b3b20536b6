namespace KdService.Text.Tasks;

/// <summary>Where a table of texts has what.</summary>
public sealed record TextLayout
{
    /// <summary>The column of the text, or of the first of a pair.</summary>
    public required string TextA { get; init; }

    /// <summary>The column of the second text of a pair.</summary>
    public string? TextB { get; init; }

    /// <summary>The column of the label or score; left out where they are hidden.</summary>
    public string? Label { get; init; }

    /// <summary>The column of the id; rows are numbered from 0 when left out.</summary>
    public string? Id { get; init; }

    /// <summary>The classes; labels are scores when left out.</summary>
    public LabelSet? Labels { get; init; }

    /// <summary>The lowest and highest score allowed; any finite one when left out.</summary>
    public (double Low, double High)? Scores { get; init; }

    /// <summary>Names of the columns, in files that have no line with them.</summary>
    public IReadOnlyList<string>? Header { get; init; }

    /// <summary>Whether lines with too few columns are left out and counted, as in the original of QQP, rather than an error.</summary>
    public bool SkipsShortLines { get; init; }

    /// <summary>A label whose rows are left out and counted: SNLI's <c>-</c>, where annotators did not agree.</summary>
    public string? SkippedLabel { get; init; }

    /// <summary>Whether texts are wrapped as Python writes bytes: <c>b'...'</c>.</summary>
    public bool WrappedTexts { get; init; }
}
