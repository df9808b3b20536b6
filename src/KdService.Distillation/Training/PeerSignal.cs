using KdService.Core.Plans;
using KdService.Distillation.Models;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>A network that is trained beside the student answers with what it has just said of the same batch.</summary>
/// <param name="peer">The network.</param>
/// <param name="taps">Features that are part of the answer.</param>
/// <param name="cost">What earlier attempts spent.</param>
internal sealed class PeerSignal(Learner peer, IReadOnlyList<string> taps, SignalCost cost) : ITeacherSignal
{
    private readonly FeatureTaps? _features = taps.Count > 0 ? new FeatureTaps(peer.Network, taps) : null;
    private SignalCost _cost = cost;

    /// <inheritdoc />
    public SignalCost Cost => _cost;

    /// <inheritdoc />
    public void Prepare(int epoch, Showing showing, bool firstShowing)
    {
        // It sees the batches that the student sees.
    }

    /// <inheritdoc />
    public TeacherAnswer Answer(ReadOnlySpan<int> batch, Tensor inputs)
    {
        _cost = _cost with { Computed = _cost.Computed + batch.Length };
        return new TeacherAnswer(peer.Logits.detach(), taps.ToDictionary(name => name, name => _features![name].detach()));
    }

    /// <inheritdoc />
    public Tensor Ask(Func<nn.Module<Tensor, Tensor>, Tensor> question)
    {
        peer.Network.eval();
        var logits = question(peer.Network);
        peer.Network.train();
        return logits;
    }

    /// <inheritdoc />
    /// <remarks>The peer belongs to the stage.</remarks>
    public void Dispose() => _features?.Dispose();
}
