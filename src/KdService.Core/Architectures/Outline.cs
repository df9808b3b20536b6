using KdService.Core.Datasets;

namespace KdService.Core.Architectures;

/// <summary>
/// Walks through a network as its forward pass does, and notes the cost of every layer and the shape of what every module gives. Modules
/// have the names that PyTorch gives them.
/// </summary>
internal sealed class Outline
{
    private readonly List<Layer> _layers = [];
    private readonly List<Tap> _taps = [];
    private string _path = "";
    private bool _isMap;

    private Outline(DataShape shape) => (Channels, Side, _isMap) = (shape.Channels, shape.Height, shape.Kind == InputKind.Pictures);

    /// <summary>Channels of the map, or length of the vector, at the point reached.</summary>
    public int Channels { get; private set; }

    /// <summary>Height and width of the map at the point reached; 1 of a vector.</summary>
    public int Side { get; private set; }

    private int[] Shape => _isMap ? [Channels, Side, Side] : [Channels];

    /// <summary>The network that a walk describes.</summary>
    /// <param name="name">As specs write it.</param>
    /// <param name="family">For people.</param>
    /// <param name="walk">Goes from the input to the logits, of which there are so many.</param>
    /// <param name="takes">Pictures of 32x32, or vectors.</param>
    public static Architecture Of(string name, string family, Func<Outline, int, Outline> walk, InputKind takes = InputKind.Pictures) =>
        new(name, family, shape => walk(new Outline(shape), shape.Classes)._layers, shape => walk(new Outline(shape), shape.Classes)._taps) { Takes = takes };

    /// <summary>A convolution that keeps the side, or divides it by the stride.</summary>
    public Outline Conv(string name, int kernel, int outputs, int stride = 1, int groups = 1, bool bias = false)
    {
        Side /= stride;
        var weights = (long)kernel * kernel * Channels / groups * outputs;
        _layers.Add(new Layer(weights + (bias ? outputs : 0), weights * Side * Side));
        Channels = outputs;
        return Same(name);
    }

    /// <summary>A batch normalisation.</summary>
    public Outline Norm(string name)
    {
        _layers.Add(new Layer(2L * Channels, 0));
        return Same(name);
    }

    /// <summary>A module without weights that changes no shape.</summary>
    public Outline Same(string name, bool endsStage = false, string? beforeRelu = null)
    {
        _taps.Add(new Tap(_path + name, Shape, endsStage) { BeforeRelu = beforeRelu });
        return this;
    }

    /// <summary>A pooling that halves the side.</summary>
    public Outline Pool()
    {
        Side /= 2;
        return this;
    }

    /// <summary>The mean over the map.</summary>
    public Outline Average()
    {
        (Side, _isMap) = (1, false);
        return this;
    }

    /// <summary>The map as a vector.</summary>
    public Outline Flatten()
    {
        (Channels, Side, _isMap) = (Channels * Side * Side, 1, false);
        return this;
    }

    /// <summary>A linear layer.</summary>
    public Outline Linear(string name, int outputs)
    {
        _layers.Add(Layer.Linear(Channels, outputs));
        Channels = outputs;
        return Same(name);
    }

    /// <summary>The last linear layer, from the embedding to the logits.</summary>
    public Outline Classify(string name, int classes)
    {
        _taps.Add(new Tap(Tap.Embedding, Shape));
        return Linear(name, classes);
    }

    /// <summary>A module made of others.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="inside">Goes through it; the names there begin with its own.</param>
    /// <param name="endsStage">Whether what it gives ends a stage.</param>
    /// <param name="beforeRelu">The tap that gives the same before its ReLU, if there is one.</param>
    public Outline Part(string name, Action inside, bool endsStage = false, string? beforeRelu = null)
    {
        var path = _path;
        _path += $"{name}.";
        inside();
        _path = path;
        return Same(name, endsStage, beforeRelu);
    }

    /// <summary>Goes on from another point of the network, where a branch begins or where branches have met.</summary>
    public Outline At(int channels, int side)
    {
        (Channels, Side) = (channels, side);
        return this;
    }
}
