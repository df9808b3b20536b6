using System.Globalization;
using System.Text;
using KdService.Text.Tokenizers;

namespace KdService.Text.Metrics;

/// <summary>How SQuAD's official evaluation compares two answers.</summary>
public static class SquadText
{
    private static readonly string[] Articles = ["a", "an", "the"];

    /// <summary>Lower case, without ASCII punctuation, articles and white space that parts no words.</summary>
    public static string Normalise(string answer)
    {
        var lowered = LowerCase.OfText(answer);
        var plain = new StringBuilder(lowered.Length);
        foreach (var c in lowered)
        {
            if (!(char.IsAscii(c) && (char.IsPunctuation(c) || char.IsSymbol(c)))) plain.Append(c);
        }
        return string.Join(' ', Words(WithoutArticles(plain.ToString())));
    }

    /// <summary>Whether both are the same once normalised.</summary>
    public static bool IsExact(string predicted, string gold) => Normalise(predicted) == Normalise(gold);

    /// <summary>The F1 of the words that both have, as often as both have them.</summary>
    /// <param name="predicted">The predicted answer.</param>
    /// <param name="gold">An answer that is right.</param>
    /// <param name="emptyAnswers">SQuAD 2.0: an answer of no words is right where the other has none too.</param>
    public static double F1(string predicted, string gold, bool emptyAnswers)
    {
        var (given, right) = (Words(Normalise(predicted)), Words(Normalise(gold)));
        if (emptyAnswers && (given.Length == 0 || right.Length == 0)) return given.Length == right.Length ? 1 : 0;
        var left = right.CountBy(word => word).ToDictionary();
        var same = 0;
        foreach (var word in given)
        {
            if (left.GetValueOrDefault(word) == 0) continue;
            left[word]--;
            same++;
        }
        if (same == 0) return 0;
        var (precision, recall) = ((double)same / given.Length, (double)same / right.Length);
        return 2 * precision * recall / (precision + recall);
    }

    private static string WithoutArticles(string text)
    {
        var left = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            // A word as regular expressions of Python have it; punctuation, the underscore among it, is gone by now.
            var end = at;
            while (end < text.Length && Rune.DecodeFromUtf16(text.AsSpan(end), out var rune, out var units) is var _ && IsWordCharacter(rune)) end += units;
            if (end == at) left.Append(text[at++]);
            else
            {
                var word = text[at..end];
                left.Append(Articles.Contains(word) ? " " : word);
                at = end;
            }
        }
        return left.ToString();
    }

    private static bool IsWordCharacter(Rune rune) => Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    private static string[] Words(string text)
    {
        var words = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            var end = at;
            while (end < text.Length && !IsSpace(text[end])) end++;
            if (end > at) words.Add(text[at..end]);
            at = end + 1;
        }
        return [.. words];

        // Python's white space has the four information separators too.
        static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';
    }
}
