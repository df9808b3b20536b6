namespace KdService.Core.Architectures;

/// <summary>Walks through a network of pictures as its forward pass does, and notes layers and taps on the way.</summary>
internal sealed class Outline
{
    private readonly List<Layer> _layers = [];
    private readonly List<Tap> _taps = [];

    /// <summary>Channels of the map at the point reached.</summary>
    public int Channels { get; private set; } = 3;

    /// <summary>Height and width of the map at the point reached.</summary>
    public int Side { get; private set; } = 32;

    /// <summary>The network that a walk describes.</summary>
    public static Architecture Of(string name, string family, Func<Outline, Outline> features) =>
        new(name, family, shape => features(new Outline()).Classify(shape.Classes)._layers, shape => features(new Outline()).Classify(shape.Classes)._taps);

    /// <summary>A convolution that keeps the side, or divides it by the stride.</summary>
    public Outline Conv(int kernel, int outputs, int stride = 1, int groups = 1, bool bias = false)
    {
        Side /= stride;
        var weights = (long)kernel * kernel * Channels / groups * outputs;
        _layers.Add(new Layer(weights + (bias ? outputs : 0), weights * Side * Side));
        Channels = outputs;
        return this;
    }

    /// <summary>A batch normalisation.</summary>
    public Outline Norm()
    {
        _layers.Add(new Layer(2L * Channels, 0));
        return this;
    }

    /// <summary>A pooling that halves the side.</summary>
    public Outline Pool()
    {
        Side /= 2;
        return this;
    }

    /// <summary>Goes on from another point of the network, where a branch begins or where branches have met.</summary>
    public Outline At(int channels, int side)
    {
        (Channels, Side) = (channels, side);
        return this;
    }

    /// <summary>The features here can be read under this name.</summary>
    public Outline Tap(string name, bool endsStage = false)
    {
        _taps.Add(new Tap(name, [Channels, Side, Side], endsStage));
        return this;
    }

    // Global average pooling and the linear layer: every network of pictures that is described so ends in them.
    private Outline Classify(int classes)
    {
        _taps.Add(new Tap(Architectures.Tap.Embedding, [Channels]));
        _layers.Add(Layer.Linear(Channels, classes));
        return this;
    }
}
