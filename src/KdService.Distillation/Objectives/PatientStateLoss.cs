using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>
/// Sun et al. (2019, arXiv 1908.09355): mean over batch, layers and width of <c>(h_S/|h_S| - h_T/|h_T|)^2</c>, <c>h</c> the first token's states.
/// </summary>
internal sealed class PatientStateLoss(ObjectiveContext context) : FeatureLoss(context)
{
    /// <inheritdoc />
    protected override Tensor Loss(IReadOnlyList<(Tensor Student, Tensor Teacher)> pairs, TrainingBatch batch) =>
        Sum(pairs.Select(pair => (First(pair.Student) - First(pair.Teacher)).pow(2).mean())) / pairs.Count;

    // [batch, width], at unit length
    private static Tensor First(Tensor states) => Unit(states.select(1, 0), 1);
}
