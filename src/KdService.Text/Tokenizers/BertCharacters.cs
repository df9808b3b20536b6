using System.Globalization;
using System.Text;

namespace KdService.Text.Tokenizers;

/// <summary>What BERT's basic tokenisation does with a character.</summary>
internal enum CharacterKind : byte
{
    /// <summary>It belongs to a word.</summary>
    Word,

    /// <summary>It parts words.</summary>
    Space,

    /// <summary>It is a word of its own.</summary>
    Punctuation,

    /// <summary>It is taken out, and does not part words: control, format, private-use and unassigned characters, lone surrogates, U+FFFD.</summary>
    Removed,
}

/// <summary>BERT's character classes (<c>BasicTokenizer</c>).</summary>
internal static class BertCharacters
{
    private static readonly CharacterKind[] Ascii = [.. Enumerable.Range(0, 128).Select(code => Classify(new Rune(code)))];

    /// <summary>The kind of a character; of an ASCII one by table.</summary>
    public static CharacterKind KindOf(Rune rune) => rune.IsAscii ? Ascii[rune.Value] : Classify(rune);

    /// <summary>The kind of an ASCII character.</summary>
    public static CharacterKind KindOfAscii(char character) => Ascii[character];

    /// <summary>The CJK Unified Ideographs and their compatibility block; Hangul, Hiragana and Katakana are not among them, for they are written in words or phrases.</summary>
    public static bool IsChinese(int code) => code is
        (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F) or
        (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B820 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);

    private static CharacterKind Classify(Rune rune)
    {
        // ASCII symbols such as ^ and $ are punctuation here, whatever Unicode says.
        if (rune.Value is '\t' or '\n' or '\r') return CharacterKind.Space;
        if (rune.Value is (>= 33 and <= 47) or (>= 58 and <= 64) or (>= 91 and <= 96) or (>= 123 and <= 126)) return CharacterKind.Punctuation;
        if (rune.Value == 0xFFFD) return CharacterKind.Removed;
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => CharacterKind.Space,
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate => CharacterKind.Removed,
            UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation or
                UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation => CharacterKind.Punctuation,
            _ => CharacterKind.Word,
        };
    }
}
