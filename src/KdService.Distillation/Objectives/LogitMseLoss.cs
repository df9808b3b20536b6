using KdService.Core.Plans;
using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>
/// Jafari et al. (2021, arXiv 2104.07163), stage I: <c>|| z_S - Phi z_T ||^2</c> on logits, no temperature on the student's. The
/// paper's norm is a sum over classes; the official code takes the mean over classes too, K times less.
/// </summary>
internal sealed class LogitMseLoss(LogitMse options) : IObjective
{
    /// <inheritdoc />
    public Tensor Loss(TrainingBatch batch)
    {
        using var scope = NewDisposeScope();
        var squares = (batch.Logits.to(float32) - batch.Taught.to(float32)).pow(2); // [batch, classes]
        var loss = options.Reduction == MseReduction.Batch ? squares.sum(1).mean() : batch.MeanOverAll(squares);
        return loss.MoveToOuterDisposeScope();
    }
}
