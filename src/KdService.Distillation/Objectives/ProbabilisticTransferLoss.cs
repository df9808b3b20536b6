using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>
/// Passalis and Tefas (2018, arXiv 1803.10837): mean over the batch's pairs of <c>p_T log((p_T + eps) / (p_S + eps))</c>, p the cosine
/// similarities moved to 0..1 and divided by their sum over a row.
/// </summary>
internal sealed class ProbabilisticTransferLoss(ObjectiveContext context) : FeatureLoss(context)
{
    private const double Eps = 1e-7;

    /// <inheritdoc />
    protected override Tensor Loss(IReadOnlyList<(Tensor Student, Tensor Teacher)> pairs, TrainingBatch batch) => Sum(pairs.Select(pair =>
    {
        var (student, teacher) = (Probabilities(pair.Student), Probabilities(pair.Teacher));
        return (teacher * ((teacher + Eps) / (student + Eps)).log()).mean();
    }));

    // [batch, batch]
    private static Tensor Probabilities(Tensor features)
    {
        var units = Unit(features.flatten(1), 1, Eps);
        var similarities = (units.mm(units.t()) + 1) / 2;
        return similarities / similarities.sum([1], keepdim: true);
    }
}
