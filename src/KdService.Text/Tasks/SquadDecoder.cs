using KdService.Text.Tokenizers;

namespace KdService.Text.Tasks;

/// <summary>An answer that a network may mean.</summary>
/// <param name="Text">Its words in the context; empty for no answer.</param>
/// <param name="Span">Where the context has them, in UTF-16 units.</param>
/// <param name="Start">The start logit of its first token.</param>
/// <param name="End">The end logit of its last token.</param>
/// <param name="Probability">Its share among the candidates (softmax over their scores).</param>
public sealed record SquadCandidate(string Text, TextSpan Span, double Start, double End, double Probability)
{
    /// <summary>Both logits, added.</summary>
    public double Score => Start + End;
}

/// <summary>What a network answers.</summary>
/// <param name="Id">The question's id.</param>
/// <param name="Text">The answer; empty where it says that there is none.</param>
/// <param name="NullDifference">The score of no answer less that of the best answer; above the threshold the answer is none.</param>
/// <param name="Best">The best answer other than none, in SQuAD 1.1 the answer itself; empty where there is no candidate.</param>
/// <param name="Candidates">The best first, no two of them with the same words; where there may be no answer that is one of them.</param>
public sealed record SquadPrediction(string Id, string Text, double NullDifference, string Best, IReadOnlyList<SquadCandidate> Candidates);

/// <summary>Finds the answer that start and end logits mean, by the rules of BERT's <c>run_squad.py</c>.</summary>
public sealed record SquadDecoder
{
    /// <summary>Candidates kept, and starts and ends looked at in a window; no answer comes on top of them where it is not one of the best.</summary>
    public int NBest { get; init; } = 20;

    /// <summary>Tokens of the longest answer.</summary>
    public int MaxAnswerLength { get; init; } = 30;

    /// <summary>Whether questions may have no answer (SQuAD 2.0).</summary>
    public bool AllowsNone { get; init; }

    /// <summary>No answer is given where its score is greater than that of the best answer by more than this.</summary>
    public double NullThreshold { get; init; }

    /// <summary>Decodes the windows of one question.</summary>
    /// <param name="windows">Its windows, at least one.</param>
    /// <param name="logits">For each window the start and end logits, <c>[length of the window]</c> each or longer, padding being left alone.</param>
    /// <exception cref="ArgumentException">The numbers differ, or logits are too few.</exception>
    public SquadPrediction Decode(IReadOnlyList<SquadWindow> windows, IReadOnlyList<(ReadOnlyMemory<float> Start, ReadOnlyMemory<float> End)> logits)
    {
        if (windows.Count == 0 || windows.Count != logits.Count) throw new ArgumentException($"{windows.Count} windows and logits of {logits.Count} given; as many of each, and at least one", nameof(logits));
        var question = windows[0].Question;
        var none = (Start: double.PositiveInfinity, End: 0.0);
        var spans = new Dictionary<TextSpan, (double Start, double End)>();
        for (var i = 0; i < windows.Count; i++)
        {
            var start = logits[i].Start.Span;
            var end = logits[i].End.Span;
            if (start.Length < windows[i].Text.Length || end.Length < windows[i].Text.Length)
            {
                throw new ArgumentException($"{start.Length} start and {end.Length} end logits given for window {i}, which has {windows[i].Text.Length} tokens", nameof(logits));
            }
            // A window without the answer says "none": only what all windows say counts.
            if (float.IsFinite(start[0]) && float.IsFinite(end[0]) && (double)start[0] + end[0] < Score(none)) none = (start[0], end[0]);
            Collect(windows[i], start, end, spans);
        }
        // A network that has diverged says nothing either way.
        if (!double.IsFinite(Score(none))) none = default;
        var sorted = spans.OrderByDescending(span => Score(span.Value)).ThenBy(span => span.Key.Start).ThenBy(span => span.Key.End).Select(span => (Span: span.Key, Logits: span.Value)).ToList();
        var answer = sorted.Count > 0 ? sorted[0].Span.Of(question.Context) : "";
        var difference = sorted.Count > 0 ? Score(none) - Score(sorted[0].Logits) : double.MaxValue;
        if (AllowsNone) sorted.Insert(sorted.FindIndex(span => Score(span.Logits) < Score(none)) is >= 0 and var place ? place : sorted.Count, (default, none));
        var best = sorted.DistinctBy(span => span.Span.Of(question.Context)).Take(NBest).ToList();
        if (AllowsNone && best.TrueForAll(span => span.Span != default)) best.Add((default, none));
        return new SquadPrediction(question.Id, AllowsNone && difference > NullThreshold ? "" : answer, difference, answer, WithProbabilities(best, question.Context));
    }

    private static double Score((double Start, double End) logits) => logits.Start + logits.End;

    private void Collect(SquadWindow window, ReadOnlySpan<float> startLogits, ReadOnlySpan<float> endLogits, Dictionary<TextSpan, (double Start, double End)> spans)
    {
        var ends = Highest(endLogits, window.Text);
        foreach (var start in Highest(startLogits, window.Text))
        {
            if (!window.HasMostContext[start]) continue;
            foreach (var end in ends)
            {
                if (end < start || end - start + 1 > MaxAnswerLength) continue;
                var span = new TextSpan(window.Text.Offsets[start].Start, window.Text.Offsets[end].End);
                var found = ((double)startLogits[start], (double)endLogits[end]);
                if (!spans.TryGetValue(span, out var known) || Score(found) > Score(known)) spans[span] = found;
            }
        }
    }

    /// <summary>Of the tokens with the highest logits those of the context.</summary>
    private int[] Highest(ReadOnlySpan<float> logits, TokenizedText text)
    {
        var values = logits[..text.Length].ToArray();
        return [.. Enumerable.Range(0, text.Length).Where(at => float.IsFinite(values[at])).OrderByDescending(at => values[at]).Take(NBest).Where(at => text.SequenceIds[at] == 1)];
    }

    private static List<SquadCandidate> WithProbabilities(IReadOnlyList<(TextSpan Span, (double Start, double End) Logits)> candidates, string context)
    {
        var highest = candidates.Select(candidate => Score(candidate.Logits)).DefaultIfEmpty().Max();
        var sum = candidates.Sum(candidate => Math.Exp(Score(candidate.Logits) - highest));
        return [.. candidates.Select(candidate => new SquadCandidate(candidate.Span.Of(context), candidate.Span, candidate.Logits.Start, candidate.Logits.End, Math.Exp(Score(candidate.Logits) - highest) / sum))];
    }
}
