using KdService.Core.Datasets;

namespace KdService.Core.Architectures;

/// <summary>Perceptrons with two hidden layers of the same width and ReLU, for data whose inputs are vectors.</summary>
public static class Mlps
{
    /// <summary>Widths of the hidden layers on offer.</summary>
    public static IReadOnlyList<int> Widths { get; } = [16, 64, 256, 1024];

    /// <summary>Every perceptron.</summary>
    public static IEnumerable<Architecture> All =>
        Widths.Select(width => new Architecture($"mlp{width}", "perceptron with two hidden layers", shape => Layers(width, shape), _ => Taps(width)) { Takes = InputKind.Vectors });

    private static List<Layer> Layers(int width, DataShape shape) =>
        [Layer.Linear(shape.Values, width), Layer.Linear(width, width), Layer.Linear(width, shape.Classes)];

    // Outputs of the ReLUs.
    private static List<Tap> Taps(int width) =>
        [new("hidden.1", [width], EndsStage: true), new("hidden.3", [width], EndsStage: true), new(Tap.Embedding, [width])];
}
