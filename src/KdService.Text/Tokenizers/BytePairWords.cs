using System.Globalization;
using System.Text;

namespace KdService.Text.Tokenizers;

/// <summary>
/// GPT-2's parting of a text into words that merges never cross:
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>, over Unicode characters rather than UTF-16 units.
/// </summary>
internal static class BytePairWords
{
    private static readonly string[] Endings = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    private enum Kind
    {
        Letter,
        Number,
        Other,
        Space,
    }

    /// <summary>The length of the word that <paramref name="text"/>, which is not empty, starts with.</summary>
    public static int NextLength(ReadOnlySpan<char> text)
    {
        if (text[0] == '\'')
        {
            foreach (var ending in Endings)
            {
                if (text.StartsWith(ending, StringComparison.Ordinal)) return ending.Length;
            }
        }
        var lead = text[0] == ' ' && text.Length > 1 ? 1 : 0;
        var kind = KindOf(text[lead..], out _);
        if (kind != Kind.Space) return lead + RunLength(text[lead..], kind);

        // White space leaves its last character to the word after it: a space goes with that word, any other stands alone.
        var run = RunLength(text, Kind.Space);
        return run == text.Length || run == 1 ? run : run - 1;
    }

    private static int RunLength(ReadOnlySpan<char> text, Kind kind)
    {
        var length = 0;
        while (length < text.Length && KindOf(text[length..], out var units) == kind) length += units;
        return length;
    }

    private static Kind KindOf(ReadOnlySpan<char> text, out int units)
    {
        var first = text[0];
        units = 1;
        if (char.IsAscii(first))
        {
            if (char.IsAsciiLetter(first)) return Kind.Letter;
            if (char.IsAsciiDigit(first)) return Kind.Number;
            return char.IsWhiteSpace(first) ? Kind.Space : Kind.Other;
        }
        Rune.DecodeFromUtf16(text, out var rune, out units);
        if (Rune.IsWhiteSpace(rune)) return Kind.Space;
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
            _ => Kind.Other,
        };
    }
}
