using KdService.Text.Tokenizers;

namespace KdService.Text.Tasks;

/// <summary>A question and as much of its context as fits.</summary>
/// <param name="Question">The question.</param>
/// <param name="Text">Its tokens: the question first, the context second.</param>
/// <param name="Start">The token at which the first answer starts; 0, the start token, where this window does not have all of it.</param>
/// <param name="End">The token at which it ends.</param>
/// <param name="HasMostContext">For each token of the context whether no other window shows more around it, which is where an answer may start.</param>
public sealed record SquadWindow(SquadQuestion Question, TokenizedText Text, int Start, int End, IReadOnlyList<bool> HasMostContext);

/// <summary>Cuts contexts into windows as BERT does.</summary>
/// <param name="Tokenizer">The tokenizer of the network.</param>
/// <param name="MaxLength">Tokens of a window, special ones included.</param>
/// <param name="Step">Tokens by which the next window starts later (<c>doc_stride</c>); fewer where a window holds fewer of the context.</param>
/// <param name="MaxQuestion">Tokens of a question that are kept.</param>
public sealed record SquadWindows(Tokenizer Tokenizer, int MaxLength = 384, int Step = 128, int MaxQuestion = 64)
{
    /// <summary>The windows of a question, from the start of its context to the end.</summary>
    /// <exception cref="ArgumentException">No room is left for the context.</exception>
    public IReadOnlyList<SquadWindow> Of(SquadQuestion question)
    {
        var texts = Tokenizer.EncodeWindows(question.Question, question.Context, MaxLength, Step, MaxQuestion);
        var parts = texts.Select(ContextPart).ToArray();
        var windows = new SquadWindow[texts.Count];
        for (var i = 0; i < windows.Length; i++)
        {
            var (start, end) = question.Answers is [{ Start: { } unit } answer, ..] ? Locate(texts[i], parts[i], unit, unit + answer.Text.Length) : (0, 0);
            windows[i] = new SquadWindow(question, texts[i], start, end, MostContext(parts, i, texts[i].Length));
        }
        return windows;
    }

    /// <summary>The tokens that an answer covers, or the start token twice where the window does not have all of it.</summary>
    private static (int Start, int End) Locate(TokenizedText text, Range context, int startUnit, int endUnit)
    {
        var (first, past) = (context.Start.Value, context.End.Value);
        if (first == past || text.Offsets[first].Start > startUnit || text.Offsets[past - 1].End < endUnit) return (0, 0);
        var (start, end) = (past - 1, first);
        while (text.Offsets[start].Start > startUnit) start--;
        while (text.Offsets[end].End < endUnit) end++;
        // An answer of characters that the tokenizer takes out has no tokens.
        return start <= end ? (start, end) : (0, 0);
    }

    private static Range ContextPart(TokenizedText text)
    {
        var first = Array.IndexOf(text.SequenceIds, (sbyte)1);
        return first < 0 ? 0..0 : first..(Array.LastIndexOf(text.SequenceIds, (sbyte)1) + 1);
    }

    /// <summary>Of the windows that have a token the one with the most tokens on its poorer side has it in context, a longer window before a shorter one, an earlier before a later.</summary>
    private bool[] MostContext(Range[] parts, int window, int length)
    {
        // The first window is full where there are others.
        var (step, most) = (Math.Min(Step, parts[0].End.Value - parts[0].Start.Value), new bool[length]);
        for (var at = parts[window].Start.Value; at < parts[window].End.Value; at++)
        {
            var token = window * step + at - parts[window].Start.Value;
            var best = window;
            for (var other = 0; other < parts.Length; other++)
            {
                if (Context(other, token) > Context(best, token) || (other < best && Context(other, token) >= Context(best, token))) best = other;
            }
            most[at] = best == window;
        }
        return most;

        double Context(int which, int token)
        {
            var count = parts[which].End.Value - parts[which].Start.Value;
            var place = token - which * step;
            return place < 0 || place >= count ? double.NegativeInfinity : Math.Min(place, count - 1 - place) + 0.01 * count;
        }
    }
}
