using KdService.Core.Plans;
using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>
/// Hinton et al. (2015, arXiv 1503.02531): <c>alpha tau^2 KL(softmax(z_T/tau) || softmax(z_S/tau)) + (1 - alpha) CE(y, z_S)</c>.
/// The factor tau^2 makes up for the divergence's gradients, which scale as 1/tau^2. Where values are predicted, squared errors take
/// the place of both terms, and there is no temperature.
/// </summary>
internal sealed class SoftTargetLoss(SoftTargets options) : IObjective
{
    /// <inheritdoc />
    public Tensor Loss(TrainingBatch batch)
    {
        using var scope = NewDisposeScope();
        var loss = options.Alpha * (batch.PredictsValues ? (batch.Logits.to(float32) - batch.Taught.to(float32)).pow(2).mean() : options.GradientScale * Divergence(batch));
        if (options.Alpha < 1) loss += (1 - options.Alpha) * CrossEntropyLoss.OfLabels(batch);
        return loss.MoveToOuterDisposeScope();
    }

    private Tensor Divergence(TrainingBatch batch)
    {
        var studentLog = batch.Logits.Soften(options, batch.Counted).log_softmax(1);
        var teacherLog = batch.Taught.Soften(options, batch.Counted).log_softmax(1);
        // From both logarithms, so that a probability that rounds to 0 adds 0 and not NaN.
        var terms = teacherLog.exp() * (teacherLog - studentLog); // [batch, classes]
        return options.Reduction == KlReduction.Batch ? terms.sum(1).mean() : batch.MeanOverAll(terms);
    }
}
