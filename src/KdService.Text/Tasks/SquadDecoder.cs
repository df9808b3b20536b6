using KdService.Text.Tokenizers;

namespace KdService.Text.Tasks;

/// <summary>An answer that a network may mean.</summary>
/// <param name="Text">Its words in the context; empty for no answer.</param>
/// <param name="Span">Where the context has them, in UTF-16 units.</param>
/// <param name="Score">The logits of its first and last token, added.</param>
/// <param name="Probability">Its share among the candidates (softmax over their scores).</param>
public sealed record SquadCandidate(string Text, TextSpan Span, double Score, double Probability);

/// <summary>What a network answers.</summary>
/// <param name="Id">The question's id.</param>
/// <param name="Text">The answer; empty where it says that there is none.</param>
/// <param name="NullDifference">The score of no answer less that of the best answer; above the threshold the answer is none.</param>
/// <param name="Best">The best answer other than none, in SQuAD 1.1 the answer itself; empty where there is no candidate.</param>
/// <param name="Candidates">The best first.</param>
public sealed record SquadPrediction(string Id, string Text, double NullDifference, string Best, IReadOnlyList<SquadCandidate> Candidates);

/// <summary>Finds the answer that start and end logits mean.</summary>
public sealed record SquadDecoder
{
    /// <summary>Candidates kept, and starts and ends looked at in a window.</summary>
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
        var none = double.PositiveInfinity;
        var spans = new Dictionary<TextSpan, double>();
        for (var i = 0; i < windows.Count; i++)
        {
            var start = logits[i].Start.Span;
            var end = logits[i].End.Span;
            if (start.Length < windows[i].Text.Length || end.Length < windows[i].Text.Length)
            {
                throw new ArgumentException($"{start.Length} start and {end.Length} end logits given for window {i}, which has {windows[i].Text.Length} tokens", nameof(logits));
            }
            // A window without the answer says "none": only what all windows say counts.
            if (float.IsFinite(start[0]) && float.IsFinite(end[0])) none = Math.Min(none, (double)start[0] + end[0]);
            Collect(windows[i], start, end, spans);
        }
        // A network that has diverged says nothing either way.
        if (!double.IsFinite(none)) none = 0;
        var best = spans.OrderByDescending(span => span.Value).ThenBy(span => span.Key.Start).ThenBy(span => span.Key.End).Take(NBest).Select(span => (Span: span.Key, Score: span.Value)).ToList();
        var answer = best.Count > 0 ? best[0].Span.Of(question.Context) : "";
        var difference = best.Count > 0 ? none - best[0].Score : double.MaxValue;
        if (AllowsNone) best.Add((default, none));
        var candidates = WithProbabilities(best.OrderByDescending(candidate => candidate.Score).ToList(), question.Context);
        return new SquadPrediction(question.Id, AllowsNone && difference > NullThreshold ? "" : answer, difference, answer, candidates);
    }

    private void Collect(SquadWindow window, ReadOnlySpan<float> startLogits, ReadOnlySpan<float> endLogits, Dictionary<TextSpan, double> spans)
    {
        var ends = Highest(endLogits, window.Text);
        foreach (var start in Highest(startLogits, window.Text))
        {
            if (!window.HasMostContext[start]) continue;
            foreach (var end in ends)
            {
                if (end < start || end - start + 1 > MaxAnswerLength) continue;
                var span = new TextSpan(window.Text.Offsets[start].Start, window.Text.Offsets[end].End);
                var score = (double)startLogits[start] + endLogits[end];
                if (!spans.TryGetValue(span, out var known) || score > known) spans[span] = score;
            }
        }
    }

    /// <summary>The tokens of the context with the highest logits.</summary>
    private int[] Highest(ReadOnlySpan<float> logits, TokenizedText text)
    {
        var values = logits[..text.Length].ToArray();
        return [.. Enumerable.Range(0, text.Length).Where(at => text.SequenceIds[at] == 1 && float.IsFinite(values[at])).OrderByDescending(at => values[at]).Take(NBest)];
    }

    private static List<SquadCandidate> WithProbabilities(IReadOnlyList<(TextSpan Span, double Score)> candidates, string context)
    {
        var highest = candidates.Select(candidate => candidate.Score).DefaultIfEmpty().Max();
        var sum = candidates.Sum(candidate => Math.Exp(candidate.Score - highest));
        return [.. candidates.Select(candidate => new SquadCandidate(candidate.Span.Of(context), candidate.Span, candidate.Score, Math.Exp(candidate.Score - highest) / sum))];
    }
}
