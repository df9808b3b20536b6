using KdService.Core.Plans;
using KdService.Distillation.Models.Text;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>
/// The teacher has run once per sample and view before the epoch that first shows the view; steps look its logits up. The view on
/// show is in memory, the others lie in files.
/// </summary>
internal sealed class CachedSignal : ITeacherSignal
{
    private readonly TeacherLogits _teacher;
    private readonly TeacherNetwork _network;
    private readonly bool _owned;
    private readonly Samples _samples;
    private readonly string _workItem;
    private readonly SignalCost _costBefore;
    private Tensor? _logits;
    private int? _view;

    /// <summary>Keeps the logits of a teacher for samples.</summary>
    /// <param name="teacher">Computes logits, or finds them.</param>
    /// <param name="network">The network that computes them.</param>
    /// <param name="owned">Whether it is released with the signal.</param>
    /// <param name="samples">The training samples.</param>
    /// <param name="workItem">What computing counts as.</param>
    /// <param name="cost">What earlier attempts spent.</param>
    public CachedSignal(TeacherLogits teacher, TeacherNetwork network, bool owned, Samples samples, string workItem, SignalCost cost)
    {
        (_teacher, _network, _owned, _samples, _workItem, _costBefore) = (teacher, network, owned, samples, workItem, cost);
    }

    /// <inheritdoc />
    public SignalCost Cost => _costBefore + _teacher.Cost;

    /// <inheritdoc />
    public void Prepare(int epoch, Showing showing, bool firstShowing)
    {
        if (_logits is not null && _view == showing.View) return;
        _logits?.Dispose();
        _logits = null;
        _logits = _teacher.Of(_samples, showing.View, _workItem, planned: firstShowing);
        _view = showing.View;
    }

    /// <inheritdoc />
    public TeacherAnswer Answer(ReadOnlySpan<int> batch, Tensor inputs)
    {
        using var rows = _samples.Rows(batch, _logits!.device);
        return new TeacherAnswer(_logits.index_select(0, rows).NarrowedTo(_samples.Set.Shape, inputs));
    }

    /// <inheritdoc />
    public Tensor Ask(Func<nn.Module<Tensor, Tensor>, Tensor> question) => _network.Ask(question);

    /// <inheritdoc />
    public void Dispose()
    {
        _logits?.Dispose();
        if (_owned) _network.Dispose();
    }
}
