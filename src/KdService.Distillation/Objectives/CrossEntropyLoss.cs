using KdService.Core.Plans;
using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>
/// Cross-entropy with the labels, of whose mass <c>eps</c> is spread evenly: mean over the batch of
/// <c>-(1 - eps) log q_y - eps/K sum_k log q_k</c>.
/// </summary>
internal sealed class CrossEntropyLoss(CrossEntropy options) : IObjective
{
    /// <inheritdoc />
    public Tensor Loss(TrainingBatch batch)
    {
        using var scope = NewDisposeScope();
        var logProbabilities = batch.Logits.to(float32).log_softmax(1);
        var loss = OfLabels(logProbabilities, batch.Labels);
        if (options.LabelSmoothing > 0)
        {
            var ofAllClasses = -logProbabilities.mean([1]).mean(); // 1/K sum over classes, mean over the batch
            loss = (1 - options.LabelSmoothing) * loss + options.LabelSmoothing * ofAllClasses;
        }
        return loss.MoveToOuterDisposeScope();
    }

    /// <summary>Mean over the batch of <c>-log q_y</c>.</summary>
    public static Tensor OfLabels(Tensor logProbabilities, Tensor labels) => nn.functional.nll_loss(logProbabilities, labels);
}
