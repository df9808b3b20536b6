using KdService.Core.Architectures;
using KdService.LibTorch.Extras;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models;

/// <summary>
/// The ResNet-50 of He et al. (2016) for pictures of 32x32. Names of weights (<c>layer1.0.conv1.weight</c>,
/// <c>layer1.0.shortcut.0.weight</c>, <c>linear.weight</c>), the order in which they are drawn and their distribution are RepDistiller's.
/// </summary>
internal sealed class BottleneckResNet : Part
{
    private readonly Conv2d _stem;
    private readonly BatchNorm2d _stemNorm;
    private readonly Sequential[] _stages;
    private readonly Linear _classifier;

    public BottleneckResNet(IReadOnlyList<int> blocks, int classes) : base(nameof(BottleneckResNet))
    {
        var inputs = 64;
        _stem = Named("conv1", Conv2d(3, inputs, 3, 1, 1, bias: false));
        _stemNorm = Named("bn1", BatchNorm2d(inputs));
        _stages = [.. blocks.Select((count, stage) => Named($"layer{stage + 1}", Stage(count, 64 << stage, stage == 0 ? 1 : 2)))];
        _classifier = Named("linear", Linear(inputs, classes));
        DrawConvolutions();

        Sequential Stage(int count, int width, int stride)
        {
            var stage = Sequential();
            for (var block = 0; block < count; block++, inputs = BottleneckResNets.Expansion * width) stage.append(new Block(inputs, width, block == 0 ? stride : 1));
            return stage;
        }
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var features = _stemNorm.BatchNormRelu(_stem.call(input));
        foreach (var stage in _stages) features = stage.call(features);
        return _classifier.call(features.mean([2, 3])).MoveToOuterDisposeScope();
    }

    /// <summary>1x1, 3x3 and 1x1 convolutions with batch norm, and the way past them.</summary>
    private sealed class Block : Part
    {
        private readonly Conv2d _conv1;
        private readonly BatchNorm2d _bn1;
        private readonly Conv2d _conv2;
        private readonly BatchNorm2d _bn2;
        private readonly Conv2d _conv3;
        private readonly BatchNorm2d _bn3;
        private readonly Identity _sum;
        private readonly Sequential? _shortcut;

        public Block(int inputs, int width, int stride) : base(nameof(Block))
        {
            var outputs = BottleneckResNets.Expansion * width;
            _conv1 = Named("conv1", Conv2d(inputs, width, 1, bias: false));
            _bn1 = Named("bn1", BatchNorm2d(width));
            _conv2 = Named("conv2", Conv2d(width, width, 3, stride, 1, bias: false));
            _bn2 = Named("bn2", BatchNorm2d(width));
            _conv3 = Named("conv3", Conv2d(width, outputs, 1, bias: false));
            _bn3 = Named("bn3", BatchNorm2d(outputs));
            _sum = Named(Tap.Preactivation, Identity());
            if (inputs != outputs) _shortcut = Named("shortcut", Sequential(Conv2d(inputs, outputs, 1, stride, bias: false), BatchNorm2d(outputs)));
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var inner = _bn1.BatchNormRelu(_conv1.call(input));
            inner = _bn2.BatchNormRelu(_conv2.call(inner));
            return _bn3.BatchNormAddRelu(_conv3.call(inner), _shortcut?.call(input) ?? input, _sum).MoveToOuterDisposeScope();
        }
    }
}
