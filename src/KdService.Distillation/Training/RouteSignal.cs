using KdService.Core.Plans;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>The teacher's checkpoints answer in turn, as the plan's route says: one at a time is in memory.</summary>
/// <param name="open">Opens the signal of a checkpoint, by its epoch.</param>
/// <param name="cost">What earlier attempts spent.</param>
internal sealed class RouteSignal(Func<int, ITeacherSignal> open, SignalCost cost) : ITeacherSignal
{
    private SignalCost _earlier = cost;
    private ITeacherSignal? _current;
    private int? _checkpoint;

    /// <inheritdoc />
    public SignalCost Cost => _earlier + (_current?.Cost ?? default);

    /// <inheritdoc />
    public void Prepare(int epoch, Showing showing, bool firstShowing)
    {
        MoveTo(showing.Checkpoint ?? throw new InvalidOperationException("an epoch on a route shows a checkpoint"));
        _current!.Prepare(epoch, showing, firstShowing);
    }

    /// <inheritdoc />
    public TeacherAnswer Answer(ReadOnlySpan<int> batch, Tensor inputs) => _current!.Answer(batch, inputs);

    /// <inheritdoc />
    public Tensor Ask(Func<nn.Module<Tensor, Tensor>, Tensor> question) => _current!.Ask(question);

    /// <inheritdoc />
    public void Dispose() => _current?.Dispose();

    private void MoveTo(int checkpoint)
    {
        if (_checkpoint == checkpoint) return;
        _earlier = Cost;
        _current?.Dispose();
        _current = null;
        _current = open(checkpoint);
        _checkpoint = checkpoint;
    }
}
