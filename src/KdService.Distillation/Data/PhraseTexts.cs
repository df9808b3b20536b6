using System.Globalization;
using KdService.Core.Datasets;
using KdService.Text.Tasks;

namespace KdService.Distillation.Data;

/// <summary>Draws the phrases of <see cref="Phrases"/>.</summary>
internal static class PhraseTexts
{
    private const long Purpose = 6;
    private const int FewestWords = 3;

    /// <summary>
    /// The phrases of a part; classes take turns. A phrase depends on the drawing seed, the most words, the part and its index alone.
    /// </summary>
    public static IReadOnlyList<TextExample> Draw(Phrases dataset, bool test) =>
        [.. Enumerable.Range(0, test ? dataset.TestSize : dataset.UsedTrainSize).Select(index => DrawPhrase(dataset, test, index))];

    // Drawn anew until the phrase is of the class whose turn it is.
    private static TextExample DrawPhrase(Phrases dataset, bool test, int index)
    {
        var random = new SeededRandom(Purpose, dataset.DrawingSeed, dataset.Words, test ? 1 : 0, index);
        while (true)
        {
            var words = new string[FewestWords + random.Below(dataset.Words - FewestWords + 1)];
            for (var i = 0; i < words.Length; i++) words[i] = Word(ref random);
            if (LabelOf(words) == index % dataset.Classes) return new TextExample(index.ToString(CultureInfo.InvariantCulture), string.Join(' ', words), Label: index % dataset.Classes);
        }
    }

    private static string Word(ref SeededRandom random)
    {
        var kinds = (IReadOnlyList<string>[])
            [PhraseWords.Neutral, PhraseWords.Neutral, PhraseWords.Neutral, PhraseWords.Praising, PhraseWords.Praising, PhraseWords.Blaming, PhraseWords.Blaming, PhraseWords.Negators, PhraseWords.Intensifiers];
        var kind = kinds[random.Below(kinds.Length)];
        return kind[random.Below(kind.Count)];
    }

    /// <summary>The class of a phrase: 0 when its words blame more than they praise, 2 when they praise more, else 1.</summary>
    internal static int LabelOf(IEnumerable<string> words)
    {
        var (sum, factor) = (0, 1);
        foreach (var word in words)
        {
            if (PhraseWords.Negators.Contains(word)) factor = -factor;
            else if (PhraseWords.Intensifiers.Contains(word)) factor *= 2;
            else if (PhraseWords.Praising.Contains(word)) (sum, factor) = (sum + factor, 1);
            else if (PhraseWords.Blaming.Contains(word)) (sum, factor) = (sum - factor, 1);
        }
        return 1 + Math.Sign(sum);
    }
}
