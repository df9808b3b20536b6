using KdService.Core.Plans.Robustness;
using KdService.Distillation.Data;

namespace KdService.Distillation.Evaluation.Robustness;

/// <summary>Runs character: misspells words by one letter each, those first whose masking costs the right class most.</summary>
internal sealed class Misspeller(CharacterAttack attack, TextVictim victim)
{
    /// <summary>Attacks a text that the network is right about.</summary>
    /// <param name="text">The text.</param>
    /// <param name="label">Its class.</param>
    /// <param name="loss">The network's loss on it as it is.</param>
    /// <param name="seed">Where letters change depends on it.</param>
    public TextOutcome Attack(ReadText text, int label, double loss, long seed)
    {
        var random = new SeededRandom(seed);
        int[] words = [.. Enumerable.Range(0, text.Words.Count).Where(word => Words.IsPlain(text.Word(word)) && !(attack.KeepStopWords && StopWords.Contains(text.Word(word))))];
        var masked = Ask(words.Select(word => new Dictionary<int, string> { [word] = victim.Tokenizer.Special.Mask }));
        var queries = 1 + words.Length;
        var written = new Dictionary<int, string>();
        foreach (var (word, _) in words.Zip(masked).OrderByDescending(asked => asked.Second.Loss).Take(attack.Most(text.Words.Count)))
        {
            List<Dictionary<int, string>> tries = [];
            foreach (var edit in attack.Edits)
            {
                var misspelt = Misspell(text.Word(word), edit, ref random);
                if (misspelt != text.Word(word)) tries.Add(new Dictionary<int, string>(written) { [word] = misspelt });
            }
            if (tries.Count == 0) continue;
            var answers = Ask(tries);
            queries += tries.Count;
            var (best, answer) = tries.Zip(answers).MaxBy(asked => asked.Second.Loss);
            if (answer.Top != label) return new TextOutcome(Fooled: true, answer.Top, queries, best);
            // A misspelling that helps the right class is taken back.
            if (answer.Loss > loss) (written, loss) = (best, answer.Loss);
        }
        return new TextOutcome(Fooled: false, label, queries, written);

        Answer[] Ask(IEnumerable<Dictionary<int, string>> changes) => victim.Ask([.. changes.Select(change => TokenSet.Segmented(victim.Encode(text.With(change))))], label);
    }

    /// <summary>A word with one letter changed; the word itself where it cannot be.</summary>
    public static string Misspell(string word, Misspelling edit, ref SeededRandom random)
    {
        var at = random.Below(word.Length);
        var letter = ((char)('a' + random.Below(26))).ToString();
        switch (edit)
        {
            case Misspelling.Swap:
                at = random.Below(word.Length - 1);
                return string.Concat(word.AsSpan(0, at), [word[at + 1], word[at]], word.AsSpan(at + 2));
            case Misspelling.Substitute:
                return string.Concat(word.AsSpan(0, at), letter, word.AsSpan(at + 1));
            case Misspelling.Delete:
                return word.Remove(at, 1);
            default:
                return word.Insert(at, letter);
        }
    }
}
