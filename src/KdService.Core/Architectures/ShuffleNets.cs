namespace KdService.Core.Architectures;

/// <summary>
/// ShuffleNet (Zhang et al. 2018) with three groups and ShuffleNetV2 (Ma et al. 2018) of size 1x for pictures of 32x32, as
/// RepDistiller has them: a 1x1 stem without pooling, and three stages at 16x16, 8x8 and 4x4 whose first block halves the map.
/// </summary>
public static class ShuffleNets
{
    /// <summary>Channels of the stem.</summary>
    public const int Stem = 24;

    /// <summary>Groups of the first version's 1x1 convolutions, but for the first of all.</summary>
    public const int Groups = 3;

    /// <summary>Channels of the second version's last convolution.</summary>
    public const int Head = 1024;

    /// <summary>Blocks of each stage.</summary>
    public static IReadOnlyList<int> Blocks { get; } = [4, 8, 4];

    /// <summary>Channels of the first version's stages.</summary>
    public static IReadOnlyList<int> Widths { get; } = [240, 480, 960];

    /// <summary>Channels of the second version's stages.</summary>
    public static IReadOnlyList<int> WidthsV2 { get; } = [116, 232, 464];

    /// <summary>Both ShuffleNets.</summary>
    public static IEnumerable<Architecture> All =>
    [
        Outline.Of("shufflenetv1", "ShuffleNet, three groups", (outline, classes) => Walk(outline, Widths, Unit).Average().Classify("linear", classes)),
        Outline.Of("shufflenetv2", "ShuffleNetV2, 1x", (outline, classes) => Walk(outline, WidthsV2, UnitV2).Conv("conv2", 1, Head).Norm("bn2").Average().Classify("linear", classes)),
    ];

    private static Outline Walk(Outline outline, IReadOnlyList<int> widths, Action<Outline, int, bool> unit)
    {
        outline.Conv("conv1", 1, Stem).Norm("bn1");
        for (var stage = 0; stage < widths.Count; stage++)
        {
            outline.Part($"layer{stage + 1}", () =>
            {
                for (var block = 0; block < Blocks[stage]; block++) outline.Part($"{block}", () => unit(outline, widths[stage], block == 0));
            }, endsStage: true, $"layer{stage + 1}.{Blocks[stage] - 1}.{Tap.Preactivation}");
        }
        return outline;
    }

    private static void Unit(Outline outline, int width, bool halves)
    {
        // What is halved is concatenated with its own pooled input.
        var inputs = outline.Channels;
        var outputs = halves ? width - inputs : width;
        var inner = outputs / 4;
        outline.Conv("conv1", 1, inner, groups: inputs == Stem ? 1 : Groups).Norm("bn1").Conv("conv2", 3, inner, halves ? 2 : 1, groups: inner).Norm("bn2")
            .Conv("conv3", 1, outputs, groups: Groups).Norm("bn3").At(width, outline.Side);
        if (!halves) outline.Same(Tap.Preactivation);
    }

    private static void UnitV2(Outline outline, int width, bool halves)
    {
        var (inputs, side, half) = (outline.Channels, outline.Side, width / 2);
        if (halves)
        {
            outline.Conv("conv1", 3, inputs, 2, groups: inputs).Norm("bn1").Conv("conv2", 1, half).Norm("bn2").At(inputs, side)
                .Conv("conv3", 1, half).Norm("bn3").Conv("conv4", 3, half, 2, groups: half).Norm("bn4").Conv("conv5", 1, half).Norm("bn5").At(width, outline.Side);
            return;
        }
        outline.At(half, side).Conv("conv1", 1, half).Norm("bn1").Conv("conv2", 3, half, groups: half).Norm("bn2").Conv("conv3", 1, half).Norm("bn3")
            .At(width, side).Same(Tap.Preactivation);
    }
}
