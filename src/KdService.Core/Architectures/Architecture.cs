using KdService.Core.Datasets;

namespace KdService.Core.Architectures;

/// <summary>What is known of a network without building it; built by the distillation library under the same name.</summary>
/// <param name="Name">As specs write it, e.g. <c>resnet20</c>.</param>
/// <param name="Family">For people, e.g. <c>CIFAR ResNet, option B</c>.</param>
/// <param name="Layers">The layers that have weights, for the shape of the data.</param>
/// <param name="Taps">The places whose features can be read, in the order of the forward pass, for the shape of the data: what modules give, and the embedding.</param>
public sealed record Architecture(string Name, string Family, Func<DataShape, IReadOnlyList<Layer>> Layers, Func<DataShape, IReadOnlyList<Tap>> Taps)
{
    /// <summary>What inputs it takes: colour pictures of 32x32, vectors of any length, or texts.</summary>
    public InputKind Takes { get; init; }

    /// <summary>The most tokens of a text that its position table serves; 0 where it takes no texts.</summary>
    public int LongestText { get; init; }

    /// <summary>Whether the network can be built for data of a shape.</summary>
    public bool Fits(DataShape shape) => Takes == shape.Kind && Takes switch
    {
        InputKind.Pictures => shape == DataShape.Pictures(shape.Classes),
        InputKind.Text => shape.Width <= LongestText,
        _ => true,
    };

    /// <summary>Trainable parameters for data of a shape.</summary>
    public long Parameters(DataShape shape) => Layers(shape).Sum(layer => layer.Parameters);

    /// <summary>Multiply-accumulate operations of one forward pass of one sample.</summary>
    public long MultiplyAdds(DataShape shape) => Layers(shape).Sum(layer => layer.MultiplyAdds);

    /// <summary>The tap of a name on the network for a data set; null if there is none.</summary>
    public Tap? FindTap(string name, Dataset dataset) => Taps(dataset.Shape).FirstOrDefault(tap => tap.Name == name);
}

/// <summary>The cost of one layer.</summary>
/// <param name="Parameters">Trainable parameters.</param>
/// <param name="MultiplyAdds">Multiply-accumulate operations for one sample.</param>
public readonly record struct Layer(long Parameters, long MultiplyAdds)
{
    /// <summary>A fully connected layer with bias.</summary>
    public static Layer Linear(int inputs, int outputs) => new((long)inputs * outputs + outputs, (long)inputs * outputs);

    /// <summary>A fully connected layer with bias that is applied to each of so many positions.</summary>
    public static Layer Linear(int inputs, int outputs, int positions) => Linear(inputs, outputs) with { MultiplyAdds = (long)inputs * outputs * positions };
}
