using System.Diagnostics;
using System.Runtime.InteropServices;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Plans.Robustness;
using KdService.Core.Runs;
using KdService.Distillation.Data;
using KdService.Distillation.Models.Text;
using KdService.Text.Metrics;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Evaluation;

/// <summary>Measures a network on a set of samples.</summary>
public static class Evaluator
{
    /// <summary>A network's logits for samples as they are, unaugmented, in evaluation mode; its mode is restored.</summary>
    /// <param name="network">Maps inputs <c>[batch, ...]</c> to <c>[batch, classes]</c>.</param>
    /// <param name="batches">Gives the inputs, on the network's device.</param>
    /// <param name="indices">The samples.</param>
    /// <param name="batchSize">Samples per forward pass.</param>
    /// <param name="worked">Hears of every batch: its samples, and the seconds it took; what it throws ends the work.</param>
    /// <returns>Float logits <c>[samples, classes]</c> on the CPU; of spans <c>[samples, 2 * max length]</c>, start logits and then end logits.</returns>
    public static Tensor Logits(Module<Tensor, Tensor> network, SampleBatches batches, ReadOnlySpan<int> indices, int batchSize, Action<int, double>? worked = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        using var unrecorded = no_grad();
        using var scope = NewDisposeScope();
        var outputs = batches.Shape.Outputs;
        var result = empty(indices.Length, outputs, float32);
        var values = MemoryMarshal.Cast<byte, float>(result.bytes);
        var wasTraining = network.training;
        network.eval();
        try
        {
            foreach (var places in batches.ByLength(indices).Chunk(batchSize))
            {
                using var ofBatch = NewDisposeScope();
                var began = Stopwatch.GetTimestamp();
                var batch = new int[places.Length];
                for (var i = 0; i < batch.Length; i++) batch[i] = indices[places[i]];
                var logits = network.call(batches.Load(batch, seed: 0, view: null)).to(float32).Widened(batches.Shape).cpu().contiguous();
                var rows = MemoryMarshal.Cast<byte, float>(logits.bytes);
                foreach (var (row, place) in places.Index())
                    rows.Slice(row * outputs, outputs).CopyTo(values.Slice(place * outputs, outputs));
                worked?.Invoke(batch.Length, Stopwatch.GetElapsedTime(began).TotalSeconds);
            }
        }
        finally
        {
            network.train(wasTraining);
        }
        return result.MoveToOuterDisposeScope();
    }

    /// <summary>Accuracy, likelihood, calibration and, where a teacher's logits are given, how faithful the student is to it.</summary>
    /// <param name="logits">The student's, float <c>[samples, classes]</c> on the CPU.</param>
    /// <param name="labels">True classes, <c>[samples]</c>.</param>
    /// <param name="teacherLogits">The teacher's for the same samples, or null.</param>
    /// <param name="calibrationBins">Bins of the expected calibration error.</param>
    /// <param name="metric">What the network is judged by; it is computed if it is another than accuracy.</param>
    /// <param name="merged">The classes that the logits' classes are merged to, which labels then are of; null where they are the same. The top one of the logits' classes is what the network says.</param>
    /// <exception cref="RunException"><see cref="FailureCode.Diverged"/>: a logit is infinite or not a number.</exception>
    /// <exception cref="ArgumentException">There are no samples, or the shapes differ.</exception>
    public static EvaluationResult Evaluate(Tensor logits, ReadOnlySpan<int> labels, Tensor? teacherLogits, int calibrationBins, ScoreMetric metric = ScoreMetric.Accuracy, MergedClasses? merged = null)
    {
        var (samples, classes) = (labels.Length, (int)logits.shape[^1]);
        if (samples == 0) throw new ArgumentException("no samples given; at least one is needed", nameof(labels));
        using var student = new LogProbabilities(logits, samples, classes);
        using var teacher = teacherLogits is null ? null : new LogProbabilities(teacherLogits, samples, classes);
        var calibration = new CalibrationError(calibrationBins);
        var predicted = new int[samples];
        var (correct, agreed, nll, divergence) = (0, 0, 0.0, 0.0);
        for (var sample = 0; sample < samples; sample++)
        {
            var q = student.Of(sample);
            var top = predicted[sample] = Answer(Top(q));
            if (top == labels[sample]) correct++;
            nll -= LogProbability(q, labels[sample]);
            calibration.Add(Math.Exp(LogProbability(q, top)), top == labels[sample]);
            if (teacher is null) continue;
            var p = teacher.Of(sample);
            if (top == Answer(Top(p))) agreed++;
            for (var k = 0; k < classes; k++) divergence += Math.Exp(p[k]) * (p[k] - q[k]);
        }
        return new EvaluationResult
        {
            Samples = samples,
            Metric = metric,
            Metrics = OfClasses(metric, predicted, labels),
            Accuracy = (double)correct / samples,
            Nll = nll / samples,
            Ece = calibration.Value,
            Agreement = teacher is null ? null : (double)agreed / samples,
            TeacherKl = teacher is null ? null : divergence / samples,
        };

        int Answer(int k) => merged?.OfClasses[k] ?? k;

        double LogProbability(ReadOnlySpan<double> q, int answer)
        {
            if (merged is null) return q[answer];
            var (largest, sum) = (double.NegativeInfinity, 0.0);
            for (var k = 0; k < classes; k++) if (Answer(k) == answer) largest = Math.Max(largest, q[k]);
            for (var k = 0; k < classes; k++) if (Answer(k) == answer) sum += Math.Exp(q[k] - largest);
            return Math.Min(0, largest + Math.Log(sum));
        }
    }

    /// <summary>How well values are predicted, and where a teacher's are given, how far the student is from it.</summary>
    /// <param name="predictions">The student's, float <c>[samples, 1]</c> on the CPU.</param>
    /// <param name="values">True values, <c>[samples]</c>.</param>
    /// <param name="teacherPredictions">The teacher's for the same samples, or null.</param>
    /// <exception cref="RunException"><see cref="FailureCode.Diverged"/>: a prediction is infinite or not a number.</exception>
    public static EvaluationResult EvaluateValues(Tensor predictions, ReadOnlySpan<float> values, Tensor? teacherPredictions)
    {
        var (predicted, right) = (Numbers(predictions, values.Length), Doubles(values));
        var (pearson, spearman) = (CorrelationMetrics.Pearson(predicted, right), CorrelationMetrics.Spearman(predicted, right));
        var metrics = Named(pearson, spearman, GlueMetrics.Combined(pearson, spearman));
        metrics["mse"] = MeanSquare(predicted, right);
        if (teacherPredictions is not null) metrics["teacher_mse"] = MeanSquare(predicted, Numbers(teacherPredictions, values.Length));
        return new EvaluationResult { Samples = values.Length, Metric = ScoreMetric.Pearson, Metrics = metrics };

        static double[] Doubles(ReadOnlySpan<float> values)
        {
            var doubles = new double[values.Length];
            for (var i = 0; i < doubles.Length; i++) doubles[i] = values[i];
            return doubles;
        }
    }

    // The metric of classes that a task is judged by; null for accuracy, which is always there.
    private static Dictionary<string, double>? OfClasses(ScoreMetric metric, ReadOnlySpan<int> predicted, ReadOnlySpan<int> labels) => metric switch
    {
        ScoreMetric.F1 => WithAccuracy(ClassificationMetrics.F1(predicted, labels), ClassificationMetrics.Accuracy(predicted, labels)),
        ScoreMetric.Matthews => Named(ClassificationMetrics.Matthews(predicted, labels)),
        _ => null,
    };

    // The accuracy itself has a place of its own.
    private static Dictionary<string, double> WithAccuracy(MetricValue metric, MetricValue accuracy) => Named(metric, GlueMetrics.Combined(metric, accuracy));

    private static Dictionary<string, double> Named(params ReadOnlySpan<MetricValue> metrics)
    {
        var named = new Dictionary<string, double>();
        foreach (var metric in metrics) named[metric.Name] = metric.Value;
        return named;
    }

    private static double MeanSquare(double[] one, double[] other) => one.Zip(other, (a, b) => (a - b) * (a - b)).Average();

    private static double[] Numbers(Tensor predictions, int samples)
    {
        if (predictions.numel() != samples) throw new ArgumentException($"[{string.Join(", ", predictions.shape)}] given; [{samples}, 1] is right", nameof(predictions));
        using var contiguous = predictions.detach().contiguous();
        var numbers = MemoryMarshal.Cast<byte, float>(contiguous.bytes).ToArray();
        foreach (var (sample, number) in numbers.Index())
            if (!float.IsFinite(number)) throw new RunException(FailureCode.Diverged, $"the prediction for sample {sample} is {number}; finite numbers are right");
        return [.. numbers.Select(number => (double)number)];
    }

    // The first of equals, as argmax.
    private static int Top(ReadOnlySpan<double> values)
    {
        var top = 0;
        for (var k = 1; k < values.Length; k++)
            if (values[k] > values[top]) top = k;
        return top;
    }

    /// <summary>Row by row, the logarithm of the softmax, in double precision.</summary>
    private sealed class LogProbabilities : IDisposable
    {
        private readonly Tensor _logits;
        private readonly double[] _row;

        public LogProbabilities(Tensor logits, int samples, int classes)
        {
            if (logits.ndim != 2 || logits.shape[0] != samples || logits.shape[1] != classes)
                throw new ArgumentException($"logits [{string.Join(", ", logits.shape)}] given; [{samples}, {classes}] is right", nameof(logits));
            _logits = logits.detach().contiguous();
            _row = new double[classes];
        }

        /// <summary>The same span for every sample.</summary>
        public ReadOnlySpan<double> Of(int sample)
        {
            var logits = MemoryMarshal.Cast<byte, float>(_logits.bytes).Slice(sample * _row.Length, _row.Length);
            var largest = float.NegativeInfinity;
            foreach (var logit in logits)
            {
                if (!float.IsFinite(logit)) throw new RunException(FailureCode.Diverged, $"a logit of sample {sample} is {logit}; finite numbers are right");
                largest = Math.Max(largest, logit);
            }
            var sum = 0.0;
            foreach (var logit in logits) sum += Math.Exp((double)logit - largest);
            var logSum = Math.Log(sum);
            for (var k = 0; k < _row.Length; k++) _row[k] = (double)logits[k] - largest - logSum;
            return _row;
        }

        public void Dispose() => _logits.Dispose();
    }
}
