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
        Sizes.Select(size => Outline.Of($"wrn{size.Depth}_{size.Widening}", "wide ResNet", outline => Walk(outline, (size.Depth - 4) / 6, size.Widening)));

    private static Outline Walk(Outline outline, int blocks, int widening)
    {
        outline.Conv(3, 16).Tap("conv1");
        for (var stage = 1; stage <= 3; stage++)
        {
            var width = 8 * widening << stage;
            for (var block = 0; block < blocks; block++)
            {
                var (inputs, side, stride) = (outline.Channels, outline.Side, stage > 1 && block == 0 ? 2 : 1);
                if (inputs != width) outline.Conv(1, width, stride).At(inputs, side);
                outline.Norm().Conv(3, width, stride).Norm().Conv(3, width).Tap($"block{stage}.layer.{block}");
            }
            outline.Tap($"block{stage}", endsStage: true);
        }
        return outline.Norm();
    }
}
