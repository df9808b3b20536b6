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

    private static Outline Walk(Outline outline)
    {
        outline.Conv(3, 64).Tap("conv1").Norm();
        for (var stage = 1; stage <= Blocks.Count; stage++)
        {
            var width = 32 << stage;
            for (var block = 0; block < Blocks[stage - 1]; block++)
            {
                var (inputs, side, stride) = (outline.Channels, outline.Side, stage > 1 && block == 0 ? 2 : 1);
                if (block == 0) outline.Conv(1, Expansion * width, stride).Norm().At(inputs, side);
                outline.Conv(1, width).Norm().Conv(3, width, stride).Norm().Conv(1, Expansion * width).Norm().Tap($"layer{stage}.{block}");
            }
            outline.Tap($"layer{stage}", endsStage: true);
        }
        return outline;
    }
}
