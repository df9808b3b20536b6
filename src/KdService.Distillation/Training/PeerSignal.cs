using KdService.Core.Plans;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>A network that is trained beside the student answers with what it has just said of the same batch.</summary>
internal sealed class PeerSignal(Learner peer, SignalCost cost) : ITeacherSignal
{
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
        return new TeacherAnswer(peer.Logits.detach());
    }

    /// <inheritdoc />
    public Tensor LogitsOf(Tensor inputs)
    {
        peer.Network.eval();
        var logits = peer.Network.call(inputs);
        peer.Network.train();
        return logits;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // The peer belongs to the stage.
    }
}
