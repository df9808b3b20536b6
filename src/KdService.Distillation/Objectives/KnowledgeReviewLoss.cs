using KdService.Core.Plans;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Objectives;

/// <summary>
/// Chen et al. (2021, arXiv 2104.09044), as mdistiller has it: from the last level to the first, the student's feature is fused with
/// what came of the level above, and the pyramid of the result is compared with that of the teacher's feature.
/// </summary>
internal sealed class KnowledgeReviewLoss : FeatureLoss
{
    private static readonly long[] PyramidSides = [4, 2, 1];

    private readonly ModuleList<Fusion> _fusions;

    public KnowledgeReviewLoss(ObjectiveContext context) : base(context)
    {
        var last = context.Taps.Count - 1;
        _fusions = ModuleList([.. context.Taps.Select((pair, level) =>
            new Fusion(pair.Student.Shape[0], KnowledgeReview.MiddleChannels(context.Taps[last].Student), pair.Teacher.Shape[0], level < last))]);
    }

    /// <inheritdoc />
    public override Module Learned => _fusions;

    /// <inheritdoc />
    protected override Tensor Loss(IReadOnlyList<(Tensor Student, Tensor Teacher)> pairs, TrainingBatch batch)
    {
        // One sample has no statistics for batch norm at the size of 1x1.
        if (batch.Labels.size(0) == 1) return Nothing(pairs);
        var losses = new List<Tensor>();
        Tensor? above = null;
        foreach (var (level, pair) in pairs.Index().Reverse())
        {
            var teacher = AsMap(pair.Teacher);
            (var reviewed, above) = _fusions[level].Fuse(AsMap(pair.Student), above, teacher.size(2));
            losses.Add(Pyramid(reviewed, teacher));
        }
        return Sum(losses);
    }

    private static Tensor AsMap(Tensor feature) => feature.dim() == 4 ? feature : feature.unsqueeze(-1).unsqueeze(-1);

    // Mean squared differences at full size and of the maps pooled to smaller sizes, each with half the weight of the one before.
    private static Tensor Pyramid(Tensor student, Tensor teacher)
    {
        var (loss, weight, total) = (functional.mse_loss(student, teacher), 1.0, 1.0);
        foreach (var side in PyramidSides.Where(side => side < student.size(2)))
        {
            weight /= 2;
            total += weight;
            loss += weight * functional.mse_loss(functional.adaptive_avg_pool2d(student, [side, side]), functional.adaptive_avg_pool2d(teacher, [side, side]));
        }
        return loss / total;
    }

    /// <summary>Attention-based fusion: a level with what came of the level above, each weighted pixel by pixel.</summary>
    private sealed class Fusion : Module
    {
        private readonly Conv2d _conv1;
        private readonly BatchNorm2d _bn1;
        private readonly Conv2d _conv2;
        private readonly BatchNorm2d _bn2;
        private readonly Conv2d? _attention;

        public Fusion(int inputs, int middle, int outputs, bool fuses) : base(nameof(Fusion))
        {
            _conv1 = Conv2d(inputs, middle, 1, bias: false);
            _bn1 = BatchNorm2d(middle);
            _conv2 = Conv2d(middle, outputs, 3, 1, 1, bias: false);
            _bn2 = BatchNorm2d(outputs);
            init.kaiming_uniform_(_conv1.weight, 1);
            init.kaiming_uniform_(_conv2.weight, 1);
            register_module("conv1", _conv1);
            register_module("bn1", _bn1);
            register_module("conv2", _conv2);
            register_module("bn2", _bn2);
            if (!fuses) return;
            _attention = Conv2d(2 * middle, 2, 1);
            register_module("attention", _attention);
        }

        /// <summary>What is compared with the teacher's map, and what goes to the level below.</summary>
        /// <param name="map">The student's <c>[batch, channels, height, width]</c>.</param>
        /// <param name="above">What came of the level above.</param>
        /// <param name="side">Height and width of the teacher's map.</param>
        public (Tensor Reviewed, Tensor Below) Fuse(Tensor map, Tensor? above, long side)
        {
            var fused = _bn1.call(_conv1.call(map)); // [batch, middle, height, width]
            if (_attention is not null)
            {
                above = Resize(above!, map.size(2));
                var attention = _attention.call(cat([fused, above], 1)).sigmoid(); // [batch, 2, height, width]
                fused = fused * attention.narrow(1, 0, 1) + above * attention.narrow(1, 1, 1);
            }
            fused = Resize(fused, side);
            return (_bn2.call(_conv2.call(fused)), fused);
        }

        protected override void RegisterComponents()
        {
        }

        private static Tensor Resize(Tensor map, long side) => map.size(2) == side ? map : functional.interpolate(map, [side, side]);
    }
}
