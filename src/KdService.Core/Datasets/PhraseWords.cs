namespace KdService.Core.Datasets;

/// <summary>The words of the phrases that the service draws, and the vocabulary they are cut with.</summary>
public static class PhraseWords
{
    private const string Consonants = "bdfgklmnprstvz";
    private const string Vowels = "aeiou";

    /// <summary>Words that speak well of something.</summary>
    public static IReadOnlyList<string> Praising { get; } = [.. Made("la", 60)];

    /// <summary>Words that speak ill of something.</summary>
    public static IReadOnlyList<string> Blaming { get; } = [.. Made("ro", 60)];

    /// <summary>Words that say neither.</summary>
    public static IReadOnlyList<string> Neutral { get; } = [.. Made("", 120)];

    /// <summary>Turn the next praise into blame, and the other way round.</summary>
    public static IReadOnlyList<string> Negators { get; } = ["nil", "nek", "nom"];

    /// <summary>Make the next word that praises or blames count twice.</summary>
    public static IReadOnlyList<string> Intensifiers { get; } = ["vek", "vul", "vos"];

    /// <summary>The vocabulary, in WordPiece's form: special tokens, letters, and the words; no text of letters is unknown.</summary>
    public static IReadOnlyList<string> Vocabulary { get; } =
    [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]",
        .. Letters, .. Letters.Select(letter => $"##{letter}"),
        .. Praising, .. Blaming, .. Neutral, .. Negators, .. Intensifiers,
    ];

    private static IEnumerable<string> Letters => Enumerable.Range('a', 26).Select(letter => ((char)letter).ToString());

    // Two syllables each, and an ending that tells what the word does.
    private static IEnumerable<string> Made(string ending, int count) =>
        (from first in Consonants from a in Vowels from second in Consonants from b in Vowels select $"{first}{a}{second}{b}")
            .Where((_, place) => place % 37 == ending.Length + (ending == "ro" ? 5 : 0)).Take(count).Select(word => word + ending);
}
