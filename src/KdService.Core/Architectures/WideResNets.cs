namespace KdService.Core.Architectures;

/// <summary>
/// The wide residual networks of Zagoruyko and Komodakis (2016), depth 6n+4: a stem, three stages of n pre-activation blocks at
/// 32x32, 16x16 and 8x8, batch norm and ReLU, global average pooling and one linear layer.
/// </summary>
public static class WideResNets
{
    /// <summary>Depth and widening factor on offer.</summary>
    public static IReadOnlyList<(int Depth, int Widening)> Sizes { get; } = [(16, 1), (16, 2), (40, 1), (40, 2)];

    /// <summary>Every wide residual network.</summary>
    public static IEnumerable<Architecture> All =>
        Sizes.Select(size => Outline.Of($"wrn{size.Depth}_{size.Widening}", "wide ResNet", (outline, classes) => Walk(outline, (size.Depth - 4) / 6, size.Widening, classes)));

    private static Outline Walk(Outline outline, int blocks, int widening, int classes)
    {
        outline.Conv("conv1", 3, 16);
        for (var stage = 1; stage <= 3; stage++)
        {
            // The norm and the ReLU behind a stage are those that the next begins with.
            outline.Part($"block{stage}", () => outline.Part("layer", () =>
            {
                for (var block = 0; block < blocks; block++) outline.Part($"{block}", () => Block(outline, 8 * widening << stage, stage > 1 && block == 0 ? 2 : 1));
            }), endsStage: true, stage < 3 ? $"block{stage + 1}.layer.0.bn1" : "bn1");
        }
        return outline.Norm("bn1").Average().Classify("fc", classes);
    }

    private static void Block(Outline outline, int width, int stride)
    {
        var (inputs, side) = (outline.Channels, outline.Side);
        outline.Norm("bn1");
        if (inputs != width) outline.Conv("convShortcut", 1, width, stride).At(inputs, side);
        outline.Conv("conv1", 3, width, stride).Norm("bn2").Conv("conv2", 3, width);
    }
}
