using KdService.Core.Architectures;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models;

/// <summary>
/// Sandler et al. (2018) at half the width for pictures of 32x32. Names of weights (<c>blocks.1.0.conv.0.weight</c>,
/// <c>classifier.0.weight</c>), the order in which they are drawn and their distribution are RepDistiller's.
/// </summary>
internal sealed class MobileNetV2 : Part
{
    private readonly ConvolutionChain _stem;
    private readonly Sequential _stages;
    private readonly ConvolutionChain _head;
    private readonly Sequential _classifier;

    public MobileNetV2(int classes) : base(nameof(MobileNetV2))
    {
        var inputs = MobileNets.Stem;
        _stem = Named("conv1", new ConvolutionChain(true, Conv2d(3, inputs, 3, 2, 1, bias: false)));
        _stages = Named("blocks", Sequential(MobileNets.Stages.Select(stage => Stage(stage.Expansion, stage.Width, stage.Blocks, stage.Stride)).ToArray()));
        _head = Named("conv2", new ConvolutionChain(true, Conv2d(inputs, MobileNets.Head, 1, bias: false)));
        var linear = Linear(MobileNets.Head, classes);
        _classifier = Named("classifier", Sequential(linear));
        DrawConvolutions();
        DrawNarrow(linear);

        Module<Tensor, Tensor> Stage(int expansion, int width, int blocks, int stride)
        {
            var stage = Sequential();
            for (var block = 0; block < blocks; block++, inputs = width) stage.append(new InvertedResidual(inputs, width, block == 0 ? stride : 1, expansion));
            return stage;
        }
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var features = _head.call(_stages.call(_stem.call(input)));
        return _classifier.call(features.mean([2, 3])).MoveToOuterDisposeScope();
    }

    /// <summary>A 1x1 convolution that widens, a 3x3 convolution of each channel, a 1x1 convolution that narrows; the input is added where it fits.</summary>
    private sealed class InvertedResidual : Part
    {
        private readonly ConvolutionChain _chain;
        private readonly bool _adds;

        public InvertedResidual(int inputs, int outputs, int stride, int expansion) : base(nameof(InvertedResidual))
        {
            var inner = inputs * expansion;
            _adds = stride == 1 && inputs == outputs;
            _chain = Named("conv", new ConvolutionChain(false, Conv2d(inputs, inner, 1, bias: false),
                Conv2d(inner, inner, 3, stride, 1, groups: inner, bias: false), Conv2d(inner, outputs, 1, bias: false)));
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var output = _chain.call(input);
            return (_adds ? output + input : output).MoveToOuterDisposeScope();
        }
    }
}
