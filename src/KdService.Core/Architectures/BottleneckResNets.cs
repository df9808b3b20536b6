namespace KdService.Core.Architectures;

/// <summary>
/// The ResNet-50 of He et al. (2016) for pictures of 32x32, as RepDistiller has it: a 3x3 stem without pooling, and four stages
/// of bottleneck blocks at 32x32, 16x16, 8x8 and 4x4.
/// </summary>
public static class BottleneckResNets
{
    /// <summary>How many times wider a block's output is than the convolutions within.</summary>
    public const int Expansion = 4;

    /// <summary>Blocks of each stage.</summary>
    public static IReadOnlyList<int> Blocks { get; } = [3, 4, 6, 3];

    /// <summary>Every bottleneck network.</summary>
    public static IEnumerable<Architecture> All => [Outline.Of("resnet50", "ResNet with bottlenecks", Walk)];

    private static Outline Walk(Outline outline, int classes)
    {
        outline.Conv("conv1", 3, 64).Norm("bn1");
        for (var stage = 0; stage < Blocks.Count; stage++)
        {
            outline.Part($"layer{stage + 1}", () =>
            {
                for (var block = 0; block < Blocks[stage]; block++) outline.Part($"{block}", () => Block(outline, 64 << stage, stage > 0 && block == 0 ? 2 : 1));
            }, endsStage: true, $"layer{stage + 1}.{Blocks[stage] - 1}.{Tap.Preactivation}");
        }
        return outline.Average().Classify("linear", classes);
    }

    private static void Block(Outline outline, int width, int stride)
    {
        var (inputs, side) = (outline.Channels, outline.Side);
        if (inputs != Expansion * width) outline.Part("shortcut", () => outline.Conv("0", 1, Expansion * width, stride).Norm("1")).At(inputs, side);
        outline.Conv("conv1", 1, width).Norm("bn1").Conv("conv2", 3, width, stride).Norm("bn2").Conv("conv3", 1, Expansion * width).Norm("bn3").Same(Tap.Preactivation);
    }
}
