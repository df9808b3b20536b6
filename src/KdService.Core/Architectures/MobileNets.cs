namespace KdService.Core.Architectures;

/// <summary>
/// MobileNetV2 (Sandler et al. 2018) for pictures of 32x32, as RepDistiller has it: half the width, ReLU, strides that leave maps
/// of 2x2, and an expansion by one also where it widens nothing.
/// </summary>
public static class MobileNets
{
    /// <summary>Channels of the stem.</summary>
    public const int Stem = 16;

    /// <summary>Channels of the last convolution.</summary>
    public const int Head = 1280;

    /// <summary>The stages: how much their blocks expand inside, channels, number of blocks, stride of the first.</summary>
    public static IReadOnlyList<(int Expansion, int Width, int Blocks, int Stride)> Stages { get; } =
        [(1, 8, 1, 1), (6, 12, 2, 1), (6, 16, 3, 2), (6, 32, 4, 2), (6, 48, 3, 1), (6, 80, 3, 2), (6, 160, 1, 1)];

    /// <summary>Every MobileNet.</summary>
    public static IEnumerable<Architecture> All => [Outline.Of("mobilenetv2", "MobileNetV2, half the width", Walk)];

    private static Outline Walk(Outline outline, int classes)
    {
        outline.Part("conv1", () => outline.Conv("0", 3, Stem, stride: 2).Norm("1"));
        outline.Part("blocks", () =>
        {
            for (var stage = 0; stage < Stages.Count; stage++)
            {
                var (expansion, width, blocks, stride) = Stages[stage];
                // The stages whose features RepDistiller reads.
                outline.Part($"{stage}", () =>
                {
                    for (var block = 0; block < blocks; block++) outline.Part($"{block}", () => Block(outline, expansion, width, block == 0 ? stride : 1));
                }, endsStage: stage is 1 or 2 or 4 or 6);
            }
        });
        outline.Part("conv2", () => outline.Conv("0", 1, Head).Norm("1"));
        return outline.Average().Part("classifier", () => outline.Classify("0", classes));
    }

    private static void Block(Outline outline, int expansion, int width, int stride)
    {
        var inner = outline.Channels * expansion;
        outline.Part("conv", () => outline.Conv("0", 1, inner).Norm("1").Conv("3", 3, inner, stride, groups: inner).Norm("4").Conv("6", 1, width).Norm("7"));
    }
}
