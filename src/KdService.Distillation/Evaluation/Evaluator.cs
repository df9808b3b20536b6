using System.Runtime.InteropServices;
using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Distillation.Data;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Evaluation;

/// <summary>Measures a network on a set of samples.</summary>
public static class Evaluator
{
    /// <summary>A network's logits for samples as they are, unaugmented, in evaluation mode; its mode is restored.</summary>
    /// <param name="network">Maps <c>[batch, channels, height, width]</c> to <c>[batch, classes]</c>.</param>
    /// <param name="batches">Gives the inputs, on the network's device.</param>
    /// <param name="indices">The samples.</param>
    /// <param name="batchSize">Samples per forward pass.</param>
    /// <returns>Float logits <c>[samples, classes]</c> on the CPU.</returns>
    public static Tensor Logits(Module<Tensor, Tensor> network, SampleBatches batches, ReadOnlySpan<int> indices, int batchSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        using var unrecorded = no_grad();
        var result = empty(indices.Length, batches.Classes, float32);
        var values = MemoryMarshal.Cast<byte, float>(result.bytes);
        var wasTraining = network.training;
        network.eval();
        try
        {
            for (var first = 0; first < indices.Length; first += batchSize)
            {
                using var scope = NewDisposeScope();
                var batch = indices.Slice(first, Math.Min(batchSize, indices.Length - first));
                var logits = network.call(batches.Load(batch, seed: 0, view: null)).to(float32).cpu().contiguous();
                MemoryMarshal.Cast<byte, float>(logits.bytes).CopyTo(values.Slice(first * batches.Classes, batch.Length * batches.Classes));
            }
        }
        finally
        {
            network.train(wasTraining);
        }
        return result;
    }

    /// <summary>Accuracy, likelihood, calibration and, where a teacher's logits are given, how faithful the student is to it.</summary>
    /// <param name="logits">The student's, float <c>[samples, classes]</c> on the CPU.</param>
    /// <param name="labels">True classes, <c>[samples]</c>.</param>
    /// <param name="teacherLogits">The teacher's for the same samples, or null.</param>
    /// <param name="calibrationBins">Bins of the expected calibration error.</param>
    /// <exception cref="RunException"><see cref="FailureCode.Diverged"/>: a logit is infinite or not a number.</exception>
    /// <exception cref="ArgumentException">There are no samples, or the shapes differ.</exception>
    public static EvaluationResult Evaluate(Tensor logits, ReadOnlySpan<int> labels, Tensor? teacherLogits, int calibrationBins)
    {
        var (samples, classes) = (labels.Length, (int)logits.shape[^1]);
        if (samples == 0) throw new ArgumentException("no samples given; at least one is needed", nameof(labels));
        using var student = new LogProbabilities(logits, samples, classes);
        using var teacher = teacherLogits is null ? null : new LogProbabilities(teacherLogits, samples, classes);
        var calibration = new CalibrationError(calibrationBins);
        var (correct, agreed, nll, divergence) = (0, 0, 0.0, 0.0);
        for (var sample = 0; sample < samples; sample++)
        {
            var q = student.Of(sample);
            var top = Top(q);
            if (top == labels[sample]) correct++;
            nll -= q[labels[sample]];
            calibration.Add(Math.Exp(q[top]), top == labels[sample]);
            if (teacher is null) continue;
            var p = teacher.Of(sample);
            if (top == Top(p)) agreed++;
            for (var k = 0; k < classes; k++) divergence += Math.Exp(p[k]) * (p[k] - q[k]);
        }
        return new EvaluationResult
        {
            Samples = samples,
            Accuracy = (double)correct / samples,
            Nll = nll / samples,
            Ece = calibration.Value,
            Agreement = teacher is null ? null : (double)agreed / samples,
            TeacherKl = teacher is null ? null : divergence / samples,
        };
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
