using KdService.Core.Architectures;
using KdService.LibTorch.Extras;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models;

/// <summary>How a block's input skips its convolutions where the shape changes (He et al. 2016, section 3.3).</summary>
internal enum ShortcutOption
{
    /// <summary>Every second pixel, and channels of zeros on either side: no parameters.</summary>
    A,

    /// <summary>A 1x1 convolution and batch norm.</summary>
    B,
}

/// <summary>
/// He et al. (2016), section 4.2: depth 6n+2. Names of weights (<c>layer1.0.conv1.weight</c>, <c>layer2.0.downsample.0.weight</c>,
/// <c>fc.weight</c>), the order in which they are drawn and their distribution (convolutions normal by the fan out, the linear layer
/// as PyTorch's) are RepDistiller's.
/// </summary>
internal sealed class CifarResNet : Module<Tensor, Tensor>
{
    private readonly Conv2d _stem;
    private readonly BatchNorm2d _stemNorm;
    private readonly Sequential[] _stages;
    private readonly Linear _classifier;

    /// <param name="depth">6n+2.</param>
    /// <param name="widths">Channels of the stem and of the three stages.</param>
    /// <param name="option">Shortcuts where the shape changes.</param>
    /// <param name="classes">Number of classes.</param>
    public CifarResNet(int depth, IReadOnlyList<int> widths, ShortcutOption option, int classes) : base(nameof(CifarResNet))
    {
        _stem = Conv2d(3, widths[0], 3, 1, 1, bias: false);
        _stemNorm = BatchNorm2d(widths[0]);
        _stages = [.. Enumerable.Range(0, 3).Select(stage => Stage(widths[stage], widths[stage + 1], (depth - 2) / 6, stage == 0 ? 1 : 2, option))];
        _classifier = Linear(widths[3], classes);
        register_module("conv1", _stem);
        register_module("bn1", _stemNorm);
        for (var stage = 0; stage < 3; stage++) register_module($"layer{stage + 1}", _stages[stage]);
        register_module("fc", _classifier);
        foreach (var convolution in modules().OfType<Conv2d>())
            init.kaiming_normal_(convolution.weight, mode: init.FanInOut.FanOut, nonlinearity: init.NonlinearityType.ReLU);
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var features = _stemNorm.BatchNormRelu(_stem.call(input));
        foreach (var stage in _stages) features = stage.call(features);
        return _classifier.call(features.mean([2, 3])).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    /// <remarks>Nothing: the constructor registered all, under PyTorch's names, to which this would add those of the fields.</remarks>
    protected override void RegisterComponents()
    {
    }

    private static Sequential Stage(int inputs, int outputs, int blocks, int stride, ShortcutOption option) => Sequential(
        Enumerable.Range(0, blocks).Select(block => new BasicBlock(block == 0 ? inputs : outputs, outputs, block == 0 ? stride : 1, option)).ToArray<Module<Tensor, Tensor>>());

    /// <summary>Two 3x3 convolutions with batch norm, and the way past them.</summary>
    private sealed class BasicBlock : Module<Tensor, Tensor>
    {
        private readonly int _stride;
        private readonly int _addedChannels;
        private readonly Sequential? _projection;
        private readonly Conv2d _conv1;
        private readonly BatchNorm2d _bn1;
        private readonly Conv2d _conv2;
        private readonly BatchNorm2d _bn2;
        private readonly Identity _sum = Identity();

        public BasicBlock(int inputs, int outputs, int stride, ShortcutOption option) : base(nameof(BasicBlock))
        {
            (_stride, _addedChannels) = (stride, outputs - inputs);
            // The projection first: that is the order in which the weights are drawn.
            if (option == ShortcutOption.B && (stride != 1 || inputs != outputs))
                _projection = Sequential(Conv2d(inputs, outputs, 1, stride, bias: false), BatchNorm2d(outputs));
            _conv1 = Conv2d(inputs, outputs, 3, stride, 1, bias: false);
            _bn1 = BatchNorm2d(outputs);
            _conv2 = Conv2d(outputs, outputs, 3, 1, 1, bias: false);
            _bn2 = BatchNorm2d(outputs);
            register_module("conv1", _conv1);
            register_module("bn1", _bn1);
            register_module("conv2", _conv2);
            register_module("bn2", _bn2);
            register_module(Tap.Preactivation, _sum);
            if (_projection is not null) register_module("downsample", _projection);
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var inner = _bn1.BatchNormRelu(_conv1.call(input));
            return _bn2.BatchNormAddRelu(_conv2.call(inner), Shortcut(input), _sum).MoveToOuterDisposeScope();
        }

        protected override void RegisterComponents()
        {
        }

        private Tensor Shortcut(Tensor input)
        {
            if (_projection is not null) return _projection.call(input);
            if (_stride == 1 && _addedChannels == 0) return input;
            var pixels = input[TensorIndex.Colon, TensorIndex.Colon, TensorIndex.Slice(step: _stride), TensorIndex.Slice(step: _stride)];
            return functional.pad(pixels, [0, 0, 0, 0, _addedChannels / 2, _addedChannels / 2]);
        }
    }
}
