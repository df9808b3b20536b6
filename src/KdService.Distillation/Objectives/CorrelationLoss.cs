using KdService.Core.Plans;
using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>
/// Huang et al. (2022, arXiv 2205.10536): <c>tau^2 (inter (1 - mean r(rows)) + intra (1 - mean r(columns)))</c> of the softened
/// probabilities <c>[batch, classes]</c>. Only what is linear in the teacher's is matched, so scale and offset are free.
/// </summary>
internal sealed class CorrelationLoss(Correlations options) : IObjective
{
    /// <inheritdoc />
    public Tensor Loss(TrainingBatch batch)
    {
        using var scope = NewDisposeScope();
        var (student, teacher) = (batch.Logits.Soften(options).softmax(1), batch.Taught.Soften(options).softmax(1));
        var inter = 1 - PearsonOfRows(student, teacher).mean();
        var intra = 1 - PearsonOfRows(student.t(), teacher.t()).mean();
        var loss = options.GradientScale * (options.Inter * inter + options.Intra * intra);
        return loss.MoveToOuterDisposeScope();
    }

    // [rows]; 1e-8 as in the authors' code, so that a constant row correlates with nothing instead of being NaN.
    private static Tensor PearsonOfRows(Tensor a, Tensor b)
    {
        var (centredA, centredB) = (a - a.mean([1], keepdim: true), b - b.mean([1], keepdim: true));
        return (centredA * centredB).sum(1) / (centredA.norm(1) * centredB.norm(1) + 1e-8);
    }
}
