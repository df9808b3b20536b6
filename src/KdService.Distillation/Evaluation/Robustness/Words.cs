using KdService.Text.Tokenizers;

namespace KdService.Distillation.Evaluation.Robustness;

/// <summary>The words of a text: runs of letters, digits and apostrophes that hold a letter.</summary>
internal static class Words
{
    /// <summary>The words that begin before a place, which is how far a network reads.</summary>
    public static IReadOnlyList<TextSpan> Of(string text, int end)
    {
        List<TextSpan> words = [];
        for (var start = 0; start < text.Length && start < end; start++)
        {
            var past = start;
            while (past < text.Length && IsPart(text[past])) past++;
            if (text.AsSpan(start, past - start).ContainsAnyLetter()) words.Add(new TextSpan(start, past));
            start = past;
        }
        return words;
    }

    /// <summary>Whether a word is letters alone, at least two of them.</summary>
    public static bool IsPlain(ReadOnlySpan<char> word)
    {
        foreach (var character in word)
            if (!char.IsLetter(character)) return false;
        return word.Length >= 2;
    }

    private static bool IsPart(char character) => char.IsLetterOrDigit(character) || character is '\'' or '’';

    private static bool ContainsAnyLetter(this ReadOnlySpan<char> text)
    {
        foreach (var character in text)
            if (char.IsLetter(character)) return true;
        return false;
    }
}
