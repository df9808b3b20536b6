using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Objectives;

/// <summary>
/// Jiao et al. (2020, arXiv 1909.10351), equations 8 and 9: <c>(W h_S - h_T)^2</c>, mean over tokens that are no padding and width;
/// <c>W</c> is learned, the same for all layers, and left out where both are as wide.
/// </summary>
internal sealed class HiddenStateLoss : FeatureLoss
{
    private readonly Linear? _projection;

    public HiddenStateLoss(ObjectiveContext context) : base(context)
    {
        if (context.Taps is [var (student, teacher), ..] && student.Shape[1] != teacher.Shape[1]) _projection = Linear(student.Shape[1], teacher.Shape[1]);
    }

    /// <inheritdoc />
    public override Module? Learned => _projection;

    /// <inheritdoc />
    protected override Tensor Loss(IReadOnlyList<(Tensor Student, Tensor Teacher)> pairs, TrainingBatch batch)
    {
        var tokens = TokensOf(batch, pairs[0].Student.size(1));
        return Sum(pairs.Select(pair =>
        {
            var squares = ((_projection is null ? pair.Student : _projection.call(pair.Student)) - pair.Teacher).pow(2).mean([2]); // [batch, length]
            return (squares * tokens).sum() / tokens.sum();
        }));
    }
}
