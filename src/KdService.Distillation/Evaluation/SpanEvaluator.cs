using System.Runtime.InteropServices;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Distillation.Data;
using KdService.Text.Metrics;
using KdService.Text.Tasks;
using static TorchSharp.torch;

namespace KdService.Distillation.Evaluation;

/// <summary>Judges networks that find spans by the answers they give, with SQuAD's official metrics.</summary>
public static class SpanEvaluator
{
    /// <summary>The answers that a network gives, in the order of the questions.</summary>
    /// <param name="set">The questions, with every window of each.</param>
    /// <param name="logits">Float <c>[windows, 2 * max length]</c> on the CPU: start logits, then end logits.</param>
    /// <exception cref="RunException"><see cref="FailureCode.Diverged"/>: a logit is infinite or not a number.</exception>
    public static IReadOnlyList<SquadPrediction> Answers(SpanSet set, Tensor logits)
    {
        var (squad, width) = (set.Dataset, set.Shape.Width);
        var decoder = new SquadDecoder { NBest = squad.NBest, MaxAnswerLength = squad.MaxAnswer, AllowsNone = squad.Version == SquadVersion.V2, NullThreshold = squad.NullThreshold };
        using var contiguous = logits.detach().contiguous();
        var values = MemoryMarshal.Cast<byte, float>(contiguous.bytes).ToArray();
        if (Array.FindIndex(values, value => !float.IsFinite(value)) is >= 0 and var at)
            throw new RunException(FailureCode.Diverged, $"a logit of window {at / (2 * width)} is {values[at]}; finite numbers are right");
        var answers = new List<SquadPrediction>();
        var sample = 0;
        foreach (var windows in set.Windows)
        {
            answers.Add(decoder.Decode(windows, [.. windows.Select((_, i) => (Start: Logits(2 * (sample + i)), End: Logits(2 * (sample + i) + 1)))]));
            sample += windows.Count;
        }
        return answers;

        ReadOnlyMemory<float> Logits(int row) => values.AsMemory(row * width, width);
    }

    /// <summary>
    /// Exact match and F1 of the answers, as parts of 1, in SQuAD 2.0 also those of either kind of question and the best over all null
    /// thresholds with that threshold; where a teacher's logits are given, the part of the questions that both answer alike.
    /// </summary>
    /// <param name="set">The questions, with every window of each.</param>
    /// <param name="logits">The student's, as for <see cref="Answers"/>.</param>
    /// <param name="teacherLogits">The teacher's for the same windows, or null.</param>
    /// <exception cref="RunException"><see cref="FailureCode.Diverged"/>: a logit is infinite or not a number.</exception>
    public static EvaluationResult Evaluate(SpanSet set, Tensor logits, Tensor? teacherLogits)
    {
        var answers = Answers(set, logits);
        SquadQuestion[] questions = [.. set.Windows.Select(windows => windows[0].Question)];
        var version2 = set.Dataset.Version == SquadVersion.V2;
        var scores = SquadMetrics.Measure(questions, answers.ToDictionary(answer => answer.Id, answer => answer.Text), version2);
        var metrics = new Dictionary<string, double> { ["f1"] = scores.F1 / 100, ["exact"] = scores.Exact / 100 };
        if (scores.Answerable is { } answerable) (metrics["answerable_f1"], metrics["answerable_exact"]) = (answerable.F1 / 100, answerable.Exact / 100);
        if (scores.Impossible is { } impossible) (metrics["impossible_f1"], metrics["impossible_exact"]) = (impossible.F1 / 100, impossible.Exact / 100);
        if (version2)
        {
            // Any threshold may be found where no answer has been taken out by one already.
            var any = SquadMetrics.Measure(questions, answers.ToDictionary(answer => answer.Id, answer => answer.Best), version2, answers.ToDictionary(answer => answer.Id, answer => answer.NullDifference));
            (metrics["best_exact"], metrics["best_exact_threshold"]) = (any.BestExact!.Value.Value / 100, any.BestExact.Value.Threshold);
            (metrics["best_f1"], metrics["best_f1_threshold"]) = (any.BestF1!.Value.Value / 100, any.BestF1.Value.Threshold);
        }
        return new EvaluationResult
        {
            Samples = answers.Count,
            Metric = ScoreMetric.F1,
            Metrics = metrics,
            Agreement = teacherLogits is null ? null : answers.Zip(Answers(set, teacherLogits)).Average(pair => pair.First.Text == pair.Second.Text ? 1.0 : 0),
        };
    }
}
