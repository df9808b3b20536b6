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
        .. Depths.Select(depth => Outline.Of($"resnet{depth}", "CIFAR ResNet, option B", (outline, classes) => Walk(outline, depth, [16, 16, 32, 64], true, classes))),
        .. Depths.Select(depth => Outline.Of($"resnet{depth}a", "CIFAR ResNet, option A", (outline, classes) => Walk(outline, depth, [16, 16, 32, 64], false, classes))),
        .. Depths.Select(depth => Outline.Of($"resnet{depth}x4", "CIFAR ResNet, four times the width", (outline, classes) => Walk(outline, depth, [32, 64, 128, 256], true, classes))),
    ];

    private static Outline Walk(Outline outline, int depth, int[] widths, bool projects, int classes)
    {
        var blocks = (depth - 2) / 6;
        outline.Conv("conv1", 3, widths[0]).Norm("bn1");
        for (var stage = 1; stage <= 3; stage++)
        {
            outline.Part($"layer{stage}", () =>
            {
                for (var block = 0; block < blocks; block++) outline.Part($"{block}", () => Block(outline, widths[stage], stage > 1 && block == 0 ? 2 : 1, projects));
            }, endsStage: true, $"layer{stage}.{blocks - 1}.{Tap.Preactivation}");
        }
        return outline.Average().Classify("fc", classes);
    }

    private static void Block(Outline outline, int width, int stride, bool projects)
    {
        var (inputs, side) = (outline.Channels, outline.Side);
        if (projects && inputs != width) outline.Part("downsample", () => outline.Conv("0", 1, width, stride).Norm("1")).At(inputs, side);
        outline.Conv("conv1", 3, width, stride).Norm("bn1").Conv("conv2", 3, width).Norm("bn2").Same(Tap.Preactivation);
    }
}
