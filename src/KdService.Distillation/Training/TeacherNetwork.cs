using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>A trained network that gives the signal: frozen, in evaluation mode.</summary>
internal sealed class TeacherNetwork : IDisposable
{
    private readonly nn.Module<Tensor, Tensor> _network;

    /// <summary>Takes over a network.</summary>
    /// <param name="id">Its id in the plan.</param>
    /// <param name="network">The network, with its weights.</param>
    /// <param name="digest">Digest of its architecture and weights.</param>
    public TeacherNetwork(string id, nn.Module<Tensor, Tensor> network, string digest)
    {
        (Id, _network, Digest) = (id, network, digest);
        network.eval();
        foreach (var parameter in network.parameters()) parameter.requires_grad_(false);
    }

    /// <summary>Its id in the plan.</summary>
    public string Id { get; }

    /// <summary>Digest of its architecture and weights.</summary>
    public string Digest { get; }

    /// <summary>Logits <c>[batch, classes]</c> of inputs <c>[batch, channels, height, width]</c>, without a graph.</summary>
    public Tensor Logits(Tensor images)
    {
        using var _ = no_grad();
        return _network.call(images);
    }

    /// <inheritdoc />
    public void Dispose() => _network.Dispose();
}
