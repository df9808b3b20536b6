using KdService.LibTorch.Extras;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models;

/// <summary>
/// Zagoruyko and Komodakis (2016): depth 6n+4, norm and ReLU before each convolution. Names of weights
/// (<c>block1.layer.0.conv1.weight</c>, <c>fc.weight</c>), the order in which they are drawn and their distribution are RepDistiller's.
/// </summary>
internal sealed class WideResNet : Part
{
    private readonly Conv2d _stem;
    private readonly Sequential[] _stages;
    private readonly BatchNorm2d _norm;
    private readonly Linear _classifier;

    public WideResNet(int depth, int widening, int classes) : base(nameof(WideResNet))
    {
        var inputs = 16;
        _stem = Named("conv1", Conv2d(3, inputs, 3, 1, 1, bias: false));
        _stages = [.. Enumerable.Range(1, 3).Select(stage => Named($"block{stage}", Sequential(("layer", Stage((depth - 4) / 6, 8 * widening << stage, stage == 1 ? 1 : 2)))))];
        _norm = Named("bn1", BatchNorm2d(inputs));
        _classifier = Named("fc", Linear(inputs, classes));
        DrawConvolutions();
        init.zeros_(_classifier.bias!);

        Module<Tensor, Tensor> Stage(int blocks, int width, int stride)
        {
            var stage = Sequential();
            for (var block = 0; block < blocks; block++, inputs = width) stage.append(new Block(inputs, width, block == 0 ? stride : 1));
            return stage;
        }
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var features = _stem.call(input);
        foreach (var stage in _stages) features = stage.call(features);
        return _classifier.call(_norm.BatchNormRelu(features).mean([2, 3])).MoveToOuterDisposeScope();
    }

    /// <summary>Two 3x3 convolutions behind norm and ReLU, and the way past them; where the width changes, the way begins behind the first ReLU.</summary>
    private sealed class Block : Part
    {
        private readonly BatchNorm2d _bn1;
        private readonly Conv2d _conv1;
        private readonly BatchNorm2d _bn2;
        private readonly Conv2d _conv2;
        private readonly Conv2d? _shortcut;

        public Block(int inputs, int outputs, int stride) : base(nameof(Block))
        {
            _bn1 = Named("bn1", BatchNorm2d(inputs));
            _conv1 = Named("conv1", Conv2d(inputs, outputs, 3, stride, 1, bias: false));
            _bn2 = Named("bn2", BatchNorm2d(outputs));
            _conv2 = Named("conv2", Conv2d(outputs, outputs, 3, 1, 1, bias: false));
            if (inputs != outputs) _shortcut = Named("convShortcut", Conv2d(inputs, outputs, 1, stride, bias: false));
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var active = _bn1.BatchNormRelu(input);
            var inner = _conv2.call(_bn2.BatchNormRelu(_conv1.call(active)));
            return (inner + (_shortcut?.call(active) ?? input)).MoveToOuterDisposeScope();
        }
    }
}
