using KdService.Core.Datasets;
using static TorchSharp.torch;

namespace KdService.Distillation.Models.Text;

/// <summary>Logits of spans <c>[batch, 2, length]</c> are as long as the longest text of their batch; those of different batches are kept together at the greatest length.</summary>
internal static class SpanLogits
{
    /// <summary>A row for each sample, <c>[batch, outputs]</c>: of a span its start logits and its end logits, with the network's number for padding behind each.</summary>
    /// <param name="logits">Of spans, or of anything else, which stays as it is.</param>
    /// <param name="shape">The data.</param>
    public static Tensor Widened(this Tensor logits, DataShape shape) => shape.Target == Target.Span
        ? nn.functional.pad(logits, (0, shape.Width - logits.size(2)), value: Reading.Masked).flatten(1)
        : logits;

    /// <summary>The same rows as a network gives them for a batch: of a span <c>[batch, 2, length]</c>.</summary>
    /// <param name="rows">What <see cref="Widened"/> made.</param>
    /// <param name="shape">The data.</param>
    /// <param name="inputs">The batch, <c>[batch, 2, length]</c> where texts are read.</param>
    public static Tensor NarrowedTo(this Tensor rows, DataShape shape, Tensor inputs) => shape.Target == Target.Span
        ? rows.unflatten(1, 2, shape.Width).narrow(2, 0, inputs.size(2))
        : rows;

    /// <summary>The logarithms of the distributions that rows stand for: of a span two, one after the other.</summary>
    /// <inheritdoc cref="NarrowedTo" />
    public static Tensor LogDistributions(this Tensor rows, DataShape shape) =>
        (shape.Target == Target.Span ? rows.reshape(-1, shape.Width) : rows).log_softmax(1);
}
