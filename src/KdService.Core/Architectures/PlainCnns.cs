namespace KdService.Core.Architectures;

/// <summary>
/// The plain CNNs of the teacher-assistant and annealing experiments (Mirzadeh et al. 2020): 3x3 convolutions with batch
/// norm and ReLU, 2x2 max pooling, one or two linear layers. Up to 10 classes take the CIFAR-10 widths, more the CIFAR-100 widths.
/// </summary>
public static class PlainCnns
{
    /// <summary>A pooling step in <see cref="Steps"/>.</summary>
    public const int Pool = 0;

    private static readonly Dictionary<int, (int[] Convs, int[] Hidden)> Small = new()
    {
        [2] = ([16, Pool, 16, Pool], []),
        [4] = ([16, 16, Pool, 32, 32, Pool], []),
        [6] = ([16, 16, Pool, 32, 32, Pool, 64, 64, Pool], []),
        [8] = ([16, 16, Pool, 32, 32, Pool, 64, 64, Pool, 128, 128, Pool], [64]),
        [10] = ([32, 32, Pool, 64, 64, Pool, 128, 128, Pool, 256, 256, 256, 256, Pool], [128]),
    };

    private static readonly Dictionary<int, (int[] Convs, int[] Hidden)> Large = new()
    {
        [2] = ([32, Pool, 32, Pool], []),
        [4] = ([32, 32, Pool, 64, 64, Pool], []),
        [6] = ([32, 32, Pool, 64, 64, Pool, 128, 128], []),
        [8] = ([32, 32, Pool, 64, 64, Pool, 128, 128, Pool, 256, 256, Pool], [64]),
        [10] = ([32, 32, Pool, 64, 64, Pool, 128, 128, Pool, 256, 256, 256, 256, Pool], [512]),
    };

    /// <summary>The numbers that networks of this family are named by.</summary>
    public static IReadOnlyList<int> Depths { get; } = [.. Small.Keys];

    /// <summary>Every plain CNN.</summary>
    public static IEnumerable<Architecture> All => Depths.Select(depth => Outline.Of($"plane{depth}", "plain CNN", (outline, classes) => Walk(outline, depth, classes)));

    /// <summary>The widths of the convolutions, with <see cref="Pool"/> where the map is halved, and of the hidden linear layers.</summary>
    public static (IReadOnlyList<int> Convs, IReadOnlyList<int> Hidden) Steps(int depth, int classes) =>
        (classes <= 10 ? Small : Large)[depth];

    private static Outline Walk(Outline outline, int depth, int classes)
    {
        var (convs, hidden) = Steps(depth, classes);
        outline.Part("conv_layers", () =>
        {
            var module = 0;
            foreach (var width in convs)
            {
                if (width == Pool) outline.Pool().Same($"{module++}", endsStage: true);
                else outline.Conv($"{module++}", 3, width, bias: true).Norm($"{module++}").Same($"{module++}");
            }
        });
        return outline.Flatten().Part("fc_layers", () =>
        {
            // A ReLU follows every linear layer but the last.
            foreach (var (i, width) in hidden.Index()) outline.Linear($"{2 * i}", width).Same($"{2 * i + 1}");
            outline.Classify($"{2 * hidden.Count}", classes);
        });
    }
}
