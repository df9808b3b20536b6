using KdService.Core.Plans;
using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>
/// Zhao et al. (2022, arXiv 2203.08679): <c>alpha tau^2 KL(b_T || b_S) + beta tau^2 KL(p^_T || p^_S)</c>, the first between true class
/// and rest, the second among the other K - 1 classes; sums over classes, mean over the batch.
/// </summary>
internal sealed class DecoupledTargetLoss(DecoupledTargets options) : IObjective
{
    /// <inheritdoc />
    public Tensor Loss(TrainingBatch batch)
    {
        using var scope = NewDisposeScope();
        var trueClass = batch.Labels.unsqueeze(1); // [batch, 1]
        var others = arange(batch.Logits.shape[1] - 1, device: batch.Labels.device);
        others = others + others.ge(trueClass).to(int64); // [batch, classes - 1]: all classes but the true one
        var (student, teacher) = (Decouple(batch.Logits), Decouple(batch.Taught));
        var binary = Divergence(student.Binary, teacher.Binary);
        var amongOthers = Divergence(student.Others, teacher.Others);
        var loss = options.GradientScale * (options.Alpha * binary + options.Beta * amongOthers);
        return loss.MoveToOuterDisposeScope();

        // Logarithms of [q_t, 1 - q_t] and of the softmax over the others; both from logits, so that no probability that rounds to 0 or 1 is taken the logarithm of.
        (Tensor Binary, Tensor Others) Decouple(Tensor logits)
        {
            var soft = logits.Soften(options, batch.Counted);
            var log = soft.log_softmax(1);
            var rest = log.gather(1, others).logsumexp(1, keepdim: true);
            return (cat([log.gather(1, trueClass), rest], 1), soft.gather(1, others).log_softmax(1));
        }
    }

    private static Tensor Divergence(Tensor studentLog, Tensor teacherLog) => (teacherLog.exp() * (teacherLog - studentLog)).sum(1).mean();
}
