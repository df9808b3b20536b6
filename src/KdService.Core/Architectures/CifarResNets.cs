namespace KdService.Core.Architectures;

/// <summary>
/// The CIFAR ResNets of He et al. (2016), depth 6n+2: a stem, three stages of n basic blocks at 32x32, 16x16 and 8x8,
/// global average pooling and one linear layer. Option B (1x1 convolution with batch norm) shortcuts by default;
/// option A (subsampling and zero channels, no parameters) under names that end in <c>a</c>; x4 widths as RepDistiller's.
/// </summary>
public static class CifarResNets
{
    /// <summary>Depths 6n+2 on offer; 50 is not, lest it be taken for the network with bottlenecks that papers mean by it.</summary>
    public static IReadOnlyList<int> Depths { get; } = [8, 14, 20, 26, 32, 38, 44, 56, 62, 68, 74, 80, 86, 92, 98, 104, 110];

    /// <summary>Every CIFAR ResNet.</summary>
    public static IEnumerable<Architecture> All =>
    [
        .. Depths.Select(depth => new Architecture($"resnet{depth}", "CIFAR ResNet, option B", shape => Layers(depth, [16, 16, 32, 64], true, shape.Classes), _ => Taps(depth, [16, 16, 32, 64]))),
        .. Depths.Select(depth => new Architecture($"resnet{depth}a", "CIFAR ResNet, option A", shape => Layers(depth, [16, 16, 32, 64], false, shape.Classes), _ => Taps(depth, [16, 16, 32, 64]))),
        .. Depths.Select(depth => new Architecture($"resnet{depth}x4", "CIFAR ResNet, four times the width", shape => Layers(depth, [32, 64, 128, 256], true, shape.Classes), _ => Taps(depth, [32, 64, 128, 256]))),
    ];

    private static List<Layer> Layers(int depth, int[] widths, bool projection, int classes)
    {
        List<Layer> layers = [Layer.ConvNorm(3, 3, widths[0], 32)];
        var inputs = widths[0];
        for (var stage = 0; stage < 3; stage++)
        {
            var (outputs, side) = (widths[stage + 1], 32 >> stage);
            for (var block = 0; block < (depth - 2) / 6; block++, inputs = outputs)
            {
                layers.Add(Layer.ConvNorm(3, inputs, outputs, side));
                layers.Add(Layer.ConvNorm(3, outputs, outputs, side));
                if (projection && inputs != outputs) layers.Add(Layer.ConvNorm(1, inputs, outputs, side));
            }
        }
        layers.Add(Layer.Linear(widths[3], classes));
        return layers;
    }

    // Outputs of the stem's convolution, of every block and of every stage, as the weights name them.
    private static List<Tap> Taps(int depth, int[] widths)
    {
        List<Tap> taps = [new("conv1", [widths[0], 32, 32])];
        for (var stage = 1; stage <= 3; stage++)
        {
            int[] shape = [widths[stage], 64 >> stage, 64 >> stage];
            for (var block = 0; block < (depth - 2) / 6; block++) taps.Add(new($"layer{stage}.{block}", shape));
            taps.Add(new($"layer{stage}", shape, EndsStage: true));
        }
        taps.Add(new(Tap.Embedding, [widths[3]]));
        return taps;
    }
}
