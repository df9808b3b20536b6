using KdService.Core.Plans;
using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>
/// Cross-entropy with the labels, of whose mass <c>eps</c> is spread evenly: mean over the batch of
/// <c>-(1 - eps) log q_y - eps/K sum_k log q_k</c>. Where a value is predicted, its squared error.
/// </summary>
internal sealed class CrossEntropyLoss(CrossEntropy options) : IObjective
{
    /// <inheritdoc />
    public Tensor Loss(TrainingBatch batch)
    {
        using var scope = NewDisposeScope();
        var loss = OfLabels(batch);
        if (options.LabelSmoothing > 0)
        {
            var ofAllClasses = -batch.MeanOverClasses(batch.Logits.to(float32).log_softmax(1)).mean(); // 1/K sum over classes, mean over the batch
            loss = (1 - options.LabelSmoothing) * loss + options.LabelSmoothing * ofAllClasses;
        }
        return loss.MoveToOuterDisposeScope();
    }

    /// <summary>Mean over the batch of <c>-log q_y</c>; of <c>(z_S - y)^2</c> where a value is predicted.</summary>
    public static Tensor OfLabels(TrainingBatch batch)
    {
        var answers = batch.Logits.to(float32);
        return batch.PredictsValues ? (answers.squeeze(1) - batch.Labels).pow(2).mean() : nn.functional.nll_loss(answers.log_softmax(1), batch.Labels);
    }
}
