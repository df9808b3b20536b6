namespace KdService.Text.Tokenizers;

/// <summary>What is cut when a text or a pair is longer than allowed. Tokens always go from the end.</summary>
public enum Truncation
{
    /// <summary>Nothing is: a sequence that is too long is an error.</summary>
    None,

    /// <summary>One token at a time from the longer of the two, from the second where they are equally long.</summary>
    LongestFirst,

    /// <summary>The first text only.</summary>
    OnlyFirst,

    /// <summary>The second text only.</summary>
    OnlySecond,
}
