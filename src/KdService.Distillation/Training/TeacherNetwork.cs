using KdService.Distillation.Models;
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

    /// <summary>The network itself, to copy weights from.</summary>
    public nn.Module<Tensor, Tensor> Network => _network;

    /// <summary>Weights <c>[classes, features]</c> of the last linear layer; null without one.</summary>
    public Tensor? Classifier => _network.LastLinear()?.weight;

    /// <summary>Logits <c>[batch, classes]</c> of inputs <c>[batch, ...]</c>, without a graph.</summary>
    public Tensor Logits(Tensor inputs)
    {
        using var _ = no_grad();
        return _network.call(inputs);
    }

    /// <summary>What the network says to a question, with the graph; the parameters stay frozen.</summary>
    public Tensor Ask(Func<nn.Module<Tensor, Tensor>, Tensor> question) => question(_network);

    /// <summary>Reads features of its forward passes until disposed.</summary>
    public FeatureTaps Tap(IReadOnlyList<string> names) => new(_network, names);

    /// <inheritdoc />
    public void Dispose() => _network.Dispose();
}
