namespace KdService.Core.Architectures;

/// <summary>
/// The VGGs of RepDistiller (Simonyan and Zisserman 2015, without the large linear layers): five blocks of 3x3 convolutions with
/// bias, batch norm and ReLU; 2x2 max pooling after the first three; global average pooling and one linear layer.
/// </summary>
public static class Vggs
{
    /// <summary>Widths of the blocks' convolutions, by the number of layers with weights.</summary>
    public static IReadOnlyDictionary<int, int[][]> Blocks { get; } = new Dictionary<int, int[][]>
    {
        [8] = [[64], [128], [256], [512], [512]],
        [11] = [[64], [128], [256, 256], [512, 512], [512, 512]],
        [13] = [[64, 64], [128, 128], [256, 256], [512, 512], [512, 512]],
    };

    /// <summary>Blocks that a pooling follows.</summary>
    public const int PooledBlocks = 3;

    /// <summary>Every VGG.</summary>
    public static IEnumerable<Architecture> All =>
        Blocks.Select(vgg => Outline.Of($"vgg{vgg.Key}", "VGG with batch norm", (outline, classes) => Walk(outline, vgg.Value, classes)));

    private static Outline Walk(Outline outline, int[][] blocks, int classes)
    {
        foreach (var (block, widths) in blocks.Index())
        {
            // What RepDistiller compares starts with the second block: the first is to it what a stem is to other networks.
            outline.Part($"block{block}", () =>
            {
                foreach (var (i, width) in widths.Index()) outline.Conv($"{3 * i}", 3, width, bias: true).Norm($"{3 * i + 1}");
            }, endsStage: block > 0, $"block{block}.{3 * widths.Length - 2}");
            if (block < PooledBlocks) outline.Pool();
        }
        return outline.Average().Classify("classifier", classes);
    }
}
