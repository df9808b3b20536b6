namespace KdService.Text.Tokenizers;

/// <summary>How BERT's basic tokenisation prepares words (the fields of <c>tokenizer_config.json</c>).</summary>
public sealed record WordPieceOptions
{
    /// <summary>Uncased models.</summary>
    public static WordPieceOptions Uncased { get; } = new();

    /// <summary>Cased models.</summary>
    public static WordPieceOptions Cased { get; } = new() { LowerCase = false };

    /// <summary>Whether words are lower-cased (<c>do_lower_case</c>).</summary>
    public bool LowerCase { get; init; } = true;

    /// <summary>Whether accents are taken off (<c>strip_accents</c>); as <see cref="LowerCase"/> says when left out.</summary>
    public bool? StripAccents { get; init; }

    /// <summary>Whether each Chinese character is a word (<c>tokenize_chinese_chars</c>).</summary>
    public bool SpaceChinese { get; init; } = true;

    /// <summary>Words of more characters are unknown.</summary>
    public int LongestWord { get; init; } = 100;
}
