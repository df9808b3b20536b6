using KdService.Core.Architectures;
using KdService.LibTorch.Extras;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models;

/// <summary>The order of channels after a convolution in groups.</summary>
internal static class ChannelShuffle
{
    /// <summary>The first channel of each group, then the second of each, ...: <c>[batch, channels, height, width]</c>, laid out channels-last.</summary>
    public static Tensor ShuffleChannels(this Tensor input, int groups)
    {
        using var scope = NewDisposeScope();
        var pixels = input.permute(0, 2, 3, 1);
        return pixels.unflatten(3, groups, -1).transpose(3, 4).reshape(pixels.shape).permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }
}

/// <summary>Zhang et al. (2018), figure 2: 1x1 convolutions in groups around a 3x3 convolution of each channel, channels shuffled in between.</summary>
internal sealed class ShuffleUnit : Part
{
    private readonly int _groups;
    private readonly Conv2d _conv1;
    private readonly BatchNorm2d _bn1;
    private readonly Conv2d _conv2;
    private readonly BatchNorm2d _bn2;
    private readonly Conv2d _conv3;
    private readonly BatchNorm2d _bn3;
    private readonly Identity? _sum;

    public ShuffleUnit(int inputs, int width, bool halves) : base(nameof(ShuffleUnit))
    {
        var outputs = halves ? width - inputs : width;
        var inner = outputs / 4;
        _groups = inputs == ShuffleNets.Stem ? 1 : ShuffleNets.Groups;
        _conv1 = Named("conv1", Conv2d(inputs, inner, 1, groups: _groups, bias: false));
        _bn1 = Named("bn1", BatchNorm2d(inner));
        _conv2 = Named("conv2", Conv2d(inner, inner, 3, halves ? 2 : 1, 1, groups: inner, bias: false));
        _bn2 = Named("bn2", BatchNorm2d(inner));
        _conv3 = Named("conv3", Conv2d(inner, outputs, 1, groups: ShuffleNets.Groups, bias: false));
        _bn3 = Named("bn3", BatchNorm2d(outputs));
        if (!halves) _sum = Named(Tap.Preactivation, Identity());
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var inner = _bn1.BatchNormRelu(_conv1.call(input)).ShuffleChannels(_groups);
        inner = _conv3.call(_bn2.BatchNormRelu(_conv2.call(inner)));
        // The pooled input has been through a ReLU before: another would change nothing.
        var output = _sum is null ? cat([_bn3.BatchNormRelu(inner), functional.avg_pool2d(input, 3, 2, 1)], 1) : _bn3.BatchNormAddRelu(inner, input, _sum);
        return output.MoveToOuterDisposeScope();
    }
}

/// <summary>Ma et al. (2018), figure 3c: one half of the channels passes, the other is convolved, then channels are shuffled.</summary>
internal sealed class ShuffleUnitV2 : Part
{
    private readonly Conv2d _conv1;
    private readonly BatchNorm2d _bn1;
    private readonly Conv2d _conv2;
    private readonly BatchNorm2d _bn2;
    private readonly Conv2d _conv3;
    private readonly BatchNorm2d _bn3;
    private readonly Identity _joined;

    public ShuffleUnitV2(int width) : base(nameof(ShuffleUnitV2))
    {
        var half = width / 2;
        _conv1 = Named("conv1", Conv2d(half, half, 1, bias: false));
        _bn1 = Named("bn1", BatchNorm2d(half));
        _conv2 = Named("conv2", Conv2d(half, half, 3, 1, 1, groups: half, bias: false));
        _bn2 = Named("bn2", BatchNorm2d(half));
        _conv3 = Named("conv3", Conv2d(half, half, 1, bias: false));
        _bn3 = Named("bn3", BatchNorm2d(half));
        _joined = Named(Tap.Preactivation, Identity());
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var halves = input.chunk(2, 1);
        var inner = _bn2.call(_conv2.call(_bn1.BatchNormRelu(_conv1.call(halves[1]))));
        inner = _conv3.call(inner);
        // The half that passes has been through a ReLU before: another changes nothing.
        var output = _joined.IsWatched() ? _joined.call(cat([halves[0], _bn3.call(inner)], 1)).relu() : cat([halves[0], _bn3.BatchNormRelu(inner)], 1);
        return output.ShuffleChannels(2).MoveToOuterDisposeScope();
    }
}

/// <summary>Ma et al. (2018), figure 3d: all channels go both ways, each of which halves the map and gives half of the channels.</summary>
internal sealed class ShuffleHalvingV2 : Part
{
    private readonly Conv2d _conv1;
    private readonly BatchNorm2d _bn1;
    private readonly Conv2d _conv2;
    private readonly BatchNorm2d _bn2;
    private readonly Conv2d _conv3;
    private readonly BatchNorm2d _bn3;
    private readonly Conv2d _conv4;
    private readonly BatchNorm2d _bn4;
    private readonly Conv2d _conv5;
    private readonly BatchNorm2d _bn5;

    public ShuffleHalvingV2(int inputs, int width) : base(nameof(ShuffleHalvingV2))
    {
        var half = width / 2;
        _conv1 = Named("conv1", Conv2d(inputs, inputs, 3, 2, 1, groups: inputs, bias: false));
        _bn1 = Named("bn1", BatchNorm2d(inputs));
        _conv2 = Named("conv2", Conv2d(inputs, half, 1, bias: false));
        _bn2 = Named("bn2", BatchNorm2d(half));
        _conv3 = Named("conv3", Conv2d(inputs, half, 1, bias: false));
        _bn3 = Named("bn3", BatchNorm2d(half));
        _conv4 = Named("conv4", Conv2d(half, half, 3, 2, 1, groups: half, bias: false));
        _bn4 = Named("bn4", BatchNorm2d(half));
        _conv5 = Named("conv5", Conv2d(half, half, 1, bias: false));
        _bn5 = Named("bn5", BatchNorm2d(half));
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var left = _bn2.BatchNormRelu(_conv2.call(_bn1.call(_conv1.call(input))));
        var right = _bn4.call(_conv4.call(_bn3.BatchNormRelu(_conv3.call(input))));
        return cat([left, _bn5.BatchNormRelu(_conv5.call(right))], 1).ShuffleChannels(2).MoveToOuterDisposeScope();
    }
}
