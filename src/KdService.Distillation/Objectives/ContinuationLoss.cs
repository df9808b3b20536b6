using KdService.Core.Plans;
using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>
/// Jafari et al. (2022, arXiv 2212.05998), equations 3 to 8: <c>psi CE(y, z_S) + (1 - psi) max(0, ||z_S - phi z_T||^2 - m phi)</c>;
/// the norm is a sum over classes, or their mean, the hinge is taken per sample, then the mean over the batch.
/// </summary>
/// <param name="options">Margin and schedule.</param>
/// <param name="epochs">Epochs of the stage, over which psi rises.</param>
internal sealed class ContinuationLoss(Continuation options, int epochs) : IObjective
{
    /// <inheritdoc />
    public Tensor Loss(TrainingBatch batch)
    {
        using var scope = NewDisposeScope();
        var student = batch.Logits.to(float32);
        var squares = (student - batch.Taught.to(float32)).pow(2); // [batch, classes]
        var distances = options.Reduction == MseReduction.Batch ? squares.sum(1) : batch.MeanOverClasses(squares); // [batch]
        var hinge = (distances - options.Margin * batch.LogitFactor).relu().mean();
        var psi = options.PsiAt(batch.Epoch, epochs);
        var loss = psi * CrossEntropyLoss.OfLabels(batch) + (1 - psi) * hinge;
        return loss.MoveToOuterDisposeScope();
    }
}
