using KdService.Core.Plans;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Objectives;

/// <summary>
/// Tian et al. (2020, arXiv 1910.10699), equation 18, as RepDistiller has it. For a sample's embedding in one network and the
/// remembered embeddings <c>m</c> of the other, <c>u = exp(v.m / tau) / Z</c> and <c>h = u / (u + N/M)</c>: mean over the batch of
/// <c>-log h(own) - sum over N negatives of log(1 - h)</c>, both ways. M samples are remembered; Z is fixed by the first batch.
/// </summary>
internal sealed class ContrastiveRepresentationLoss(ContrastiveRepresentation options, ObjectiveContext context) : FeatureLoss(context)
{
    private readonly ModuleList<ContrastiveMemory> _memories = ModuleList([.. context.Taps.Select(pair =>
        new ContrastiveMemory(options, Size(pair.Student.Shape), Size(pair.Teacher.Shape), context.TrainLabels))]);

    /// <inheritdoc />
    public override Module Learned => _memories;

    /// <inheritdoc />
    protected override Tensor Loss(IReadOnlyList<(Tensor Student, Tensor Teacher)> pairs, TrainingBatch batch)
    {
        var samples = batch.Samples ?? throw new InvalidOperationException("the objective needs to know which samples these are");
        return Sum(pairs.Zip(_memories, (pair, memory) => memory.Contrast(pair.Student, pair.Teacher, samples, batch.Labels)));
    }

    private static int Size(IReadOnlyList<int> shape) => shape.Aggregate(1, (size, side) => size * side);
}
