using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>
/// Where a span begins and where it ends are two classifications over the tokens of a text: <c>[batch, 2, length]</c> become rows
/// <c>[2 * batch, length]</c>, start and end of the first text first. Padding is no class.
/// </summary>
internal static class SpanRows
{
    // Finite, so that it times a probability of 0 is 0; far from where any temperature would let it have a probability.
    private const float NoClass = -1e30f;

    /// <summary>A batch of spans as losses on classes take it. Both networks say the same of padding, so that no difference comes of it, nor a gradient.</summary>
    /// <param name="batch">Logits <c>[batch, 2, length]</c>, labels <c>[batch, 2]</c>, and the padding.</param>
    public static TrainingBatch AsRows(this TrainingBatch batch)
    {
        var padding = batch.Padding!.repeat_interleave(2, 0); // [2 * batch, length]
        return batch with
        {
            Logits = Rows(batch.Logits),
            TeacherLogits = batch.TeacherLogits is { } taught ? Rows(taught) : null,
            Labels = batch.Labels.flatten(),
            Counted = padding.logical_not().to(float32),
        };

        Tensor Rows(Tensor logits) => logits.to(float32).flatten(0, 1).masked_fill(padding, NoClass);
    }

    /// <summary>The mean over classes, those that count, of terms <c>[batch, classes]</c>: <c>[batch]</c>.</summary>
    public static Tensor MeanOverClasses(this TrainingBatch batch, Tensor terms) =>
        batch.Counted is { } counted ? (terms * counted).sum(1) / counted.sum(1) : terms.mean([1]);

    /// <summary>The mean over batch and classes, those that count, of terms <c>[batch, classes]</c>.</summary>
    public static Tensor MeanOverAll(this TrainingBatch batch, Tensor terms) =>
        batch.Counted is { } counted ? (terms * counted).sum() / counted.sum() : terms.mean();
}
