using KdService.Text.Tasks;

namespace KdService.Text.Metrics;

/// <summary>What SQuAD's official evaluation reports, in percent. Shares of no questions are 0.</summary>
public sealed record SquadScores
{
    /// <summary>Answers that are one of the right ones.</summary>
    public required double Exact { get; init; }

    /// <summary>Words that answers share with the right ones.</summary>
    public required double F1 { get; init; }

    /// <summary>Questions.</summary>
    public required int Total { get; init; }

    /// <summary>Questions without a prediction, which count as wrong.</summary>
    public int Missing { get; init; }

    /// <summary>The same of questions that have an answer, in SQuAD 2.0.</summary>
    public SquadScores? Answerable { get; init; }

    /// <summary>The same of questions that have none, in SQuAD 2.0.</summary>
    public SquadScores? Impossible { get; init; }

    /// <summary>The best exact match over all thresholds of the null score difference, and that threshold; where differences are given.</summary>
    public (double Value, double Threshold)? BestExact { get; init; }

    /// <summary>The best F1 over all thresholds, and that threshold; where differences are given.</summary>
    public (double Value, double Threshold)? BestF1 { get; init; }
}

/// <summary>SQuAD's official evaluation.</summary>
public static class SquadMetrics
{
    /// <summary>Measures predicted answers.</summary>
    /// <param name="questions">The questions with their right answers.</param>
    /// <param name="predictions">An answer for each question's id; the empty one says that there is none.</param>
    /// <param name="version2">Whether it is SQuAD 2.0, where questions may have no answer.</param>
    /// <param name="nullDifferences">For each id, how much more the network believed in no answer than in the best one. With them the best threshold is sought, as the official script does, among answers that never are empty.</param>
    /// <exception cref="ArgumentException">There are no questions.</exception>
    public static SquadScores Measure(
        IReadOnlyList<SquadQuestion> questions, IReadOnlyDictionary<string, string> predictions, bool version2, IReadOnlyDictionary<string, double>? nullDifferences = null)
    {
        if (questions.Count == 0) throw new ArgumentException("no questions given; at least one", nameof(questions));
        var measured = questions.Select(question => Measure(question, predictions, version2)).ToArray();
        var scores = Mean(measured);
        if (!version2) return scores;
        scores = scores with { Answerable = Mean([.. measured.Where(answer => answer.HasAnswer)]), Impossible = Mean([.. measured.Where(answer => !answer.HasAnswer)]) };
        return nullDifferences is null ? scores : scores with
        {
            BestExact = Best(measured, nullDifferences, answer => answer.Exact),
            BestF1 = Best(measured, nullDifferences, answer => answer.F1),
        };
    }

    private static Measured Measure(SquadQuestion question, IReadOnlyDictionary<string, string> predictions, bool version2)
    {
        var golds = question.Answers.Select(answer => answer.Text).ToArray();
        // SQuAD 2.0 knows no answers that normalise to nothing; where no other is left, no answer is right.
        if (version2) golds = golds.Where(gold => SquadText.Normalise(gold).Length > 0).DefaultIfEmpty("").ToArray();
        if (!predictions.TryGetValue(question.Id, out var predicted)) return new(question.Id, question.Answers.Count > 0, 0, 0, null);
        return new(question.Id, question.Answers.Count > 0,
            golds.Any(gold => SquadText.IsExact(predicted, gold)) ? 1 : 0, golds.Select(gold => SquadText.F1(predicted, gold, version2)).DefaultIfEmpty().Max(), predicted);
    }

    private static SquadScores Mean(IReadOnlyList<Measured> answers) => new()
    {
        Exact = 100 * answers.Select(answer => answer.Exact).DefaultIfEmpty().Average(),
        F1 = 100 * answers.Select(answer => answer.F1).DefaultIfEmpty().Average(),
        Total = answers.Count,
        Missing = answers.Count(answer => answer.Predicted is null),
    };

    /// <summary>Takes answers back in, the surest first, from where none is given.</summary>
    private static (double Value, double Threshold) Best(IReadOnlyList<Measured> answers, IReadOnlyDictionary<string, double> nullDifferences, Func<Measured, double> score)
    {
        double current = answers.Count(answer => !answer.HasAnswer);
        var (best, threshold) = (current, 0.0);
        foreach (var answer in answers.Where(answer => answer.Predicted is not null && nullDifferences.ContainsKey(answer.Id)).OrderBy(answer => nullDifferences[answer.Id]))
        {
            current += answer.HasAnswer ? score(answer) : answer.Predicted!.Length > 0 ? -1 : 0;
            if (current > best) (best, threshold) = (current, nullDifferences[answer.Id]);
        }
        return (100 * best / answers.Count, threshold);
    }

    private sealed record Measured(string Id, bool HasAnswer, double Exact, double F1, string? Predicted);
}
