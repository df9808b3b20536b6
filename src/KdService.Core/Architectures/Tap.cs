namespace KdService.Core.Architectures;

/// <summary>A place in a network whose output feature methods read: any module's, and the input of the last linear layer.</summary>
/// <param name="Name">The module's path, e.g. <c>layer2.0.conv1</c>, as the weights name it; <see cref="Embedding"/> for the input of the classifier.</param>
/// <param name="Shape">Shape of one sample's feature: <c>[channels, height, width]</c>, or <c>[channels]</c>; of the longest text (<see cref="FeatureKind"/>).</param>
/// <param name="EndsStage">Whether it is what a stage of the network hands on; methods that match several layers take these when none are named.</param>
public sealed record Tap(string Name, IReadOnlyList<int> Shape, bool EndsStage = false)
{
    /// <summary>The tap of the vector that the last linear layer classifies; every network has it.</summary>
    public const string Embedding = "embedding";

    /// <summary>
    /// The module that a residual block's sum passes through before its ReLU; it computes nothing and has no weights. What a stage ends
    /// in, but for the ReLU, is <c>preact</c> of its last block.
    /// </summary>
    public const string Preactivation = "preact";

    /// <summary>
    /// Of what ends a stage, the tap that gives the same before its last ReLU; where the network has norm and ReLU only behind the
    /// stage, that norm. Null where no ReLU is near.
    /// </summary>
    public string? BeforeRelu { get; init; }

    /// <summary>Numbers in one sample's feature.</summary>
    public long Values => Shape.Aggregate(1L, (values, side) => values * side);

    /// <summary>What the feature is.</summary>
    public FeatureKind Kind { get; init; } = Shape.Count == 3 ? FeatureKind.Map : FeatureKind.Vector;

    /// <summary>Whether it is among the few that a reader of error messages wants: stages, the parts before and after them, the embedding.</summary>
    public bool IsLandmark => EndsStage || !Name.Contains('.', StringComparison.Ordinal);

    /// <summary>Name and shape, as error messages print them.</summary>
    public override string ToString() => $"{Name} [{string.Join(", ", Shape)}]";
}
