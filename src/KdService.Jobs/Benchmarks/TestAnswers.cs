using KdService.Core.Datasets;
using KdService.Core.Runs;
using KdService.Text.Metrics;

namespace KdService.Jobs.Benchmarks;

/// <summary>What a job's network answered on its test set.</summary>
internal abstract class TestAnswers
{
    /// <summary>How many samples the set has.</summary>
    public abstract int Samples { get; }

    /// <summary>Whether another job's answers are on the same samples.</summary>
    public abstract bool IsOnTheSetOf(TestAnswers other);

    /// <summary>How much better they are than another job's on some of the samples, given by their places, each as often as it counts.</summary>
    /// <param name="baseline">The other job's, on the same set.</param>
    /// <param name="best">Whether the best epochs' weights are meant, or the last epochs'.</param>
    public virtual Func<int[], double> GainOver(TestAnswers baseline, bool best) => samples => Score(samples, best) - baseline.Score(samples, best);

    /// <summary>The score on some of the samples, each as often as it counts.</summary>
    protected abstract double Score(int[] samples, bool best);

    private protected static T[] At<T>(T[] all, int[] samples)
    {
        var some = new T[samples.Length];
        for (var i = 0; i < some.Length; i++) some[i] = all[samples[i]];
        return some;
    }
}

/// <summary>Classes, by the metric that the task is judged by.</summary>
internal sealed class ClassAnswers(Predictions predictions, ScoreMetric metric) : TestAnswers
{
    private readonly int[] _labels = [.. predictions.Labels], _best = [.. predictions.Best], _last = [.. predictions.Last];

    public override int Samples => _labels.Length;

    public override bool IsOnTheSetOf(TestAnswers other) => other is ClassAnswers classes && classes._labels.AsSpan().SequenceEqual(_labels);

    public override Func<int[], double> GainOver(TestAnswers baseline, bool best)
    {
        if (metric != ScoreMetric.Accuracy) return base.GainOver(baseline, best);
        // The mean over samples of one network's hits without the other's, which need be found once only: test sets of pictures are large.
        var (own, others) = (Answers(best), ((ClassAnswers)baseline).Answers(best));
        int[] gains = [.. _labels.Select((label, sample) => (own[sample] == label ? 1 : 0) - (others[sample] == label ? 1 : 0))];
        return samples =>
        {
            long sum = 0;
            foreach (var sample in samples) sum += gains[sample];
            return (double)sum / samples.Length;
        };
    }

    protected override double Score(int[] samples, bool best)
    {
        var (answers, labels) = (At(Answers(best), samples), At(_labels, samples));
        return (metric == ScoreMetric.F1 ? ClassificationMetrics.F1(answers, labels) : ClassificationMetrics.Matthews(answers, labels)).Value;
    }

    private int[] Answers(bool best) => best ? _best : _last;
}

/// <summary>Values, by Pearson's correlation.</summary>
internal sealed class ValueAnswers(PredictedValues predictions) : TestAnswers
{
    private readonly double[] _values = Doubles(predictions.Values), _best = Doubles(predictions.Best), _last = Doubles(predictions.Last);

    public override int Samples => _values.Length;

    public override bool IsOnTheSetOf(TestAnswers other) => other is ValueAnswers values && values._values.AsSpan().SequenceEqual(_values);

    protected override double Score(int[] samples, bool best) => CorrelationMetrics.Pearson(At(best ? _best : _last, samples), At(_values, samples)).Value;

    private static double[] Doubles(IReadOnlyList<float> values) => [.. values.Select(value => (double)value)];
}
