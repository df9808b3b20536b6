namespace KdService.Core.Architectures;

/// <summary>
/// The plain CNNs of the teacher-assistant and annealing experiments (Mirzadeh et al. 2020): 3x3 convolutions with batch
/// norm and ReLU, 2x2 max pooling, one or two linear layers. Up to 10 classes take the CIFAR-10 widths, more the CIFAR-100 widths.
/// </summary>
public static class PlainCnns
{
    /// <summary>A pooling step in <see cref="Outline"/>.</summary>
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
    public static IEnumerable<Architecture> All =>
        Depths.Select(depth => new Architecture($"plane{depth}", "plain CNN", shape => Layers(depth, shape.Classes), shape => Taps(depth, shape.Classes)));

    /// <summary>The widths of the convolutions, with <see cref="Pool"/> where the map is halved, and of the hidden linear layers.</summary>
    public static (IReadOnlyList<int> Convs, IReadOnlyList<int> Hidden) Outline(int depth, int classes) =>
        (classes <= 10 ? Small : Large)[depth];

    private static List<Layer> Layers(int depth, int classes)
    {
        var (convs, hidden) = Outline(depth, classes);
        List<Layer> layers = [];
        var (inputs, side) = (3, 32);
        foreach (var width in convs)
        {
            if (width == Pool)
            {
                side /= 2;
                continue;
            }
            layers.Add(Layer.ConvBiasNorm(3, inputs, width, side));
            inputs = width;
        }
        var features = inputs * side * side;
        foreach (var width in hidden.Append(classes))
        {
            layers.Add(Layer.Linear(features, width));
            features = width;
        }
        return layers;
    }

    // Outputs of the poolings.
    private static List<Tap> Taps(int depth, int classes)
    {
        var (convs, hidden) = Outline(depth, classes);
        List<Tap> taps = [];
        var (module, width, side) = (0, 3, 32);
        foreach (var step in convs)
        {
            // conv_layers holds a convolution, its norm and its ReLU for each width, and one module for each pooling.
            module += step == Pool ? 1 : 3;
            if (step == Pool) taps.Add(new($"conv_layers.{module - 1}", [width, side /= 2, side], EndsStage: true));
            else width = step;
        }
        taps.Add(new(Tap.Embedding, [hidden.Count > 0 ? hidden[^1] : width * side * side]));
        return taps;
    }
}
