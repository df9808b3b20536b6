using KdService.Core.Architectures;
using KdService.LibTorch.Extras;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models;

/// <summary>
/// Zhang et al. (2018) and, as the second version, Ma et al. (2018), for pictures of 32x32. Names of weights
/// (<c>layer1.0.conv1.weight</c>, <c>linear.weight</c>) and the order in which they are drawn are RepDistiller's; their distribution is PyTorch's.
/// </summary>
internal sealed class ShuffleNet : Part
{
    private readonly Conv2d _stem;
    private readonly BatchNorm2d _stemNorm;
    private readonly Sequential[] _stages;
    private readonly (Conv2d Convolution, BatchNorm2d Norm)? _head;
    private readonly Linear _classifier;

    private ShuffleNet(IReadOnlyList<int> widths, int? head, Func<int, int, bool, Module<Tensor, Tensor>> unit, int classes) : base(nameof(ShuffleNet))
    {
        var inputs = ShuffleNets.Stem;
        _stem = Named("conv1", Conv2d(3, inputs, 1, bias: false));
        _stemNorm = Named("bn1", BatchNorm2d(inputs));
        _stages = [.. widths.Select((width, stage) => Named($"layer{stage + 1}", Stage(ShuffleNets.Blocks[stage], width)))];
        if (head is { } outputs)
        {
            _head = (Named("conv2", Conv2d(inputs, outputs, 1, bias: false)), Named("bn2", BatchNorm2d(outputs)));
            inputs = outputs;
        }
        _classifier = Named("linear", Linear(inputs, classes));

        Sequential Stage(int blocks, int width)
        {
            var stage = Sequential();
            for (var block = 0; block < blocks; block++, inputs = width) stage.append(unit(inputs, width, block == 0));
            return stage;
        }
    }

    /// <summary>The first version.</summary>
    public static ShuffleNet V1(int classes) =>
        new(ShuffleNets.Widths, null, (inputs, width, halves) => new ShuffleUnit(inputs, width, halves), classes);

    /// <summary>The second version.</summary>
    public static ShuffleNet V2(int classes) =>
        new(ShuffleNets.WidthsV2, ShuffleNets.Head, (inputs, width, halves) => halves ? new ShuffleHalvingV2(inputs, width) : new ShuffleUnitV2(width), classes);

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var features = _stemNorm.BatchNormRelu(_stem.call(input));
        foreach (var stage in _stages) features = stage.call(features);
        if (_head is var (convolution, norm)) features = norm.BatchNormRelu(convolution.call(features));
        return _classifier.call(features.mean([2, 3])).MoveToOuterDisposeScope();
    }
}
