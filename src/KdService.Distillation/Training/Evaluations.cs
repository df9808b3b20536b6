using KdService.Core.Plans.Robustness;
using KdService.Core.Runs;
using KdService.Distillation.Data;
using KdService.Distillation.Evaluation;
using KdService.Distillation.Models.Text;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>Evaluates networks, and compares them with the plan's teacher where it has one.</summary>
/// <param name="run">The run.</param>
/// <param name="teacher">The plan's teacher, or null.</param>
internal sealed class Evaluations(RunContext run, TeacherNetwork? teacher) : IDisposable
{
    private const int BatchSize = 250;

    private readonly Dictionary<Samples, Tensor> _references = [];

    /// <summary>A network's results, and its logits <c>[samples, classes]</c> on the CPU, which are the caller's.</summary>
    /// <param name="model">Its id.</param>
    /// <param name="network">The network; its mode is restored.</param>
    /// <param name="samples">What it is evaluated on, unaugmented.</param>
    /// <exception cref="OperationCanceledException">The run is to stop.</exception>
    /// <exception cref="RunException">A logit is not finite.</exception>
    public (EvaluationResult Result, Tensor Logits) Of(string model, nn.Module<Tensor, Tensor> network, Samples samples)
    {
        using var scope = NewDisposeScope();
        var reference = Reference(samples);
        var logits = Logits(run, network, samples, (count, seconds) =>
            run.Progress.Worked(WorkItems.Evaluation(model), count, seconds, $"evaluation of {model}"));
        return (Evaluate(samples, logits, reference), logits.MoveToOuterDisposeScope());
    }

    /// <summary>How well a generator guesses hidden tokens of texts: its accuracy and its mean negative log likelihood, over those tokens.</summary>
    /// <param name="model">Its id.</param>
    /// <param name="network">The generator; its mode is restored.</param>
    /// <param name="masking">Hides tokens, the same at every call.</param>
    /// <param name="samples">What it is evaluated on.</param>
    /// <exception cref="OperationCanceledException">The run is to stop.</exception>
    public EvaluationResult OfWords(string model, MaskedLanguageModel network, TokenMasking masking, Samples samples) =>
        HiddenTokenEvaluation.Of(network, masking, samples.Batches, samples.Indices, BatchSize, (count, seconds) =>
        {
            run.Stop.ThrowIfCancellationRequested();
            run.Progress.Worked(WorkItems.Evaluation(model), count, seconds, $"evaluation of {model}");
        });

    /// <summary>A network's logits <c>[samples, classes]</c>, on the CPU.</summary>
    /// <param name="run">The run.</param>
    /// <param name="network">The network; its mode is restored.</param>
    /// <param name="samples">What it is shown, unaugmented.</param>
    /// <param name="worked">Hears of every batch: its samples, and the seconds it took.</param>
    /// <exception cref="OperationCanceledException">The run is to stop.</exception>
    public static Tensor Logits(RunContext run, nn.Module<Tensor, Tensor> network, Samples samples, Action<int, double>? worked = null) =>
        Evaluator.Logits(network, samples.Batches, samples.Indices, BatchSize, (count, seconds) =>
        {
            run.Stop.ThrowIfCancellationRequested();
            worked?.Invoke(count, seconds);
        });

    /// <summary>The teacher's own results; null without a teacher.</summary>
    public EvaluationResult? OfTeacher(Samples samples) =>
        Reference(samples) is { } logits ? Evaluate(samples, logits, null) : null;

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var logits in _references.Values) logits.Dispose();
    }

    /// <summary>Results of logits on samples of the job's data, or of other data that its network was not trained on.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="logits">What a network says of them, <c>[samples, classes]</c> on the CPU.</param>
    /// <param name="reference">What the teacher says; null without one.</param>
    /// <param name="other">The other data that the samples are of; null where they are the job's.</param>
    /// <exception cref="RunException">A logit is not finite.</exception>
    public EvaluationResult Evaluate(Samples samples, Tensor logits, Tensor? reference, OtherData? other = null)
    {
        if (samples.Set is SpanSet spans) return SpanEvaluator.Evaluate(spans, logits, reference);
        if (samples.Values is { } values) return Evaluator.EvaluateValues(logits, values, reference);
        var merged = other?.Merge(run.Plan.Dataset);
        var labels = merged is null ? samples.Labels : [.. samples.Labels.Select(label => merged.OfLabels[label])];
        return Evaluator.Evaluate(logits, labels, reference, run.Plan.Evaluation.CalibrationBins, (other?.Dataset ?? run.Plan.Dataset).Metric, merged);
    }

    /// <summary>The teacher's logits <c>[samples, classes]</c>, on the CPU, which are not the caller's; null without a teacher.</summary>
    public Tensor? Reference(Samples samples)
    {
        if (teacher is null) return null;
        if (_references.TryGetValue(samples, out var known)) return known;
        using var logits = new TeacherLogits(run, teacher).Of(samples, view: null, WorkItems.Reference, planned: true);
        return _references[samples] = logits.to(CPU, copy: true).DetachFromDisposeScope();
    }
}
