namespace KdService.Core.Architectures;

/// <summary>A place in a network whose output feature methods read.</summary>
/// <param name="Name">The module's path, e.g. <c>layer2.0</c>; <see cref="Embedding"/> for the input of the classifier.</param>
/// <param name="Shape">Shape of one sample's feature: <c>[channels, height, width]</c>, or <c>[channels]</c>.</param>
/// <param name="EndsStage">Whether it is what a stage of the network hands on; methods that match several layers take these when none are named.</param>
public sealed record Tap(string Name, IReadOnlyList<int> Shape, bool EndsStage = false)
{
    /// <summary>The tap of the vector that the last linear layer classifies; every network has it.</summary>
    public const string Embedding = "embedding";

    /// <summary>Whether the feature has a height and a width.</summary>
    public bool IsMap => Shape.Count == 3;

    /// <summary>Name and shape, as error messages print them.</summary>
    public override string ToString() => $"{Name} [{string.Join(", ", Shape)}]";
}
