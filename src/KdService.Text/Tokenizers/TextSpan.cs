namespace KdService.Text.Tokenizers;

/// <summary>A piece of a text, in UTF-16 units: <c>text[Start..End]</c>.</summary>
public readonly record struct TextSpan(int Start, int End)
{
    /// <summary>UTF-16 units covered.</summary>
    public int Length => End - Start;

    /// <summary>What the span covers of <paramref name="text"/>.</summary>
    public string Of(string text) => text[Start..End];
}
