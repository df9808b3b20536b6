using System.Globalization;
using System.Text;

namespace KdService.Text.Tokenizers;

/// <summary>Unicode's full lower-casing, as vocabularies were made with; .NET's maps one character to one and knows no context.</summary>
internal static class LowerCase
{
    /// <summary>U+0130, the one character whose lower case is two: i and a dot above.</summary>
    public const int CapitalDottedI = 0x130;

    /// <summary>U+03A3, the one character whose lower case depends on what is around it.</summary>
    public const int CapitalSigma = 0x3A3;

    /// <summary>The lower case of a character that is neither of the two above.</summary>
    public static Rune Of(Rune rune) => Rune.ToLowerInvariant(rune);

    /// <summary>The lower case of the capital sigma at <paramref name="index"/>: the final form where a letter with case stands before it and none after it.</summary>
    public static Rune OfSigma(ReadOnlySpan<char> text, int index) => new(CasedBefore(text[..index]) && !CasedAfter(text[(index + 1)..]) ? 'ς' : 'σ');

    /// <summary>The lower case of a text.</summary>
    public static string OfText(string text)
    {
        var lowered = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var units);
            if (rune.Value == CapitalDottedI) lowered.Append("i\u0307");
            else lowered.Append(rune.Value == CapitalSigma ? OfSigma(text, at) : Of(rune));
            at += units;
        }
        return lowered.ToString();
    }

    private static bool CasedBefore(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            Rune.DecodeLastFromUtf16(text, out var rune, out var length);
            if (!IsIgnored(rune)) return IsCased(rune);
            text = text[..^length];
        }
        return false;
    }

    private static bool CasedAfter(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            Rune.DecodeFromUtf16(text, out var rune, out var length);
            if (!IsIgnored(rune)) return IsCased(rune);
            text = text[length..];
        }
        return false;
    }

    /// <summary>Unicode's Case_Ignorable, and what is taken out before words are lower-cased.</summary>
    private static bool IsIgnored(Rune rune) =>
        rune.Value is '\'' or '.' or ':' or 0xB7 or 0x387 or 0x55F or 0x5F4 or 0x2018 or 0x2019 or 0x2024 or 0x2027 or 0xFE13 or 0xFE52 or 0xFE55 or 0xFF07 or 0xFF0E or 0xFF1A ||
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol ||
        BertCharacters.KindOf(rune) == CharacterKind.Removed;

    /// <summary>Unicode's Cased, of what is not ignored.</summary>
    private static bool IsCased(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter ||
        rune.Value is 0xAA or 0xBA or (>= 0x2160 and <= 0x217F) or (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189);
}
