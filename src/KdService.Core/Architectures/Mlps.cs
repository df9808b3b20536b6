using KdService.Core.Datasets;

namespace KdService.Core.Architectures;

/// <summary>Perceptrons with two hidden layers of the same width and ReLU, for data whose inputs are vectors.</summary>
public static class Mlps
{
    /// <summary>Widths of the hidden layers on offer.</summary>
    public static IReadOnlyList<int> Widths { get; } = [16, 64, 256, 1024];

    /// <summary>Every perceptron.</summary>
    public static IEnumerable<Architecture> All =>
        Widths.Select(width => Outline.Of($"mlp{width}", "perceptron with two hidden layers", (outline, classes) => Walk(outline, width, classes), InputKind.Vectors));

    private static Outline Walk(Outline outline, int width, int classes) => outline
        .Part("hidden", () => outline.Linear("0", width).Same("1", endsStage: true, "hidden.0").Linear("2", width).Same("3", endsStage: true, "hidden.2"))
        .Classify("fc", classes);
}
