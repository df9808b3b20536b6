using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>
/// The teacher has run once per sample and view before the epoch that first shows the view; steps look its logits up. The view on
/// show is in memory, the others lie in files.
/// </summary>
internal sealed class CachedSignal : ITeacherSignal
{
    private readonly TeacherLogits _teacher;
    private readonly Samples _samples;
    private readonly string _workItem;
    private readonly SignalCost _costBefore;
    private readonly int[] _rows;
    private Tensor? _logits;
    private int? _view;

    /// <summary>Keeps the logits of a teacher for samples.</summary>
    /// <param name="teacher">Computes logits, or finds them.</param>
    /// <param name="samples">The training samples.</param>
    /// <param name="workItem">What computing counts as.</param>
    /// <param name="cost">What earlier attempts spent.</param>
    public CachedSignal(TeacherLogits teacher, Samples samples, string workItem, SignalCost cost)
    {
        (_teacher, _samples, _workItem, _costBefore) = (teacher, samples, workItem, cost);
        _rows = new int[samples.Indices[^1] + 1];
        foreach (var (row, index) in samples.Indices.Index()) _rows[index] = row;
    }

    /// <inheritdoc />
    public SignalCost Cost => _costBefore + _teacher.Cost;

    /// <inheritdoc />
    public void Prepare(int? view, bool firstShowing)
    {
        if (_logits is not null && _view == view) return;
        _logits?.Dispose();
        _logits = null;
        _logits = _teacher.Of(_samples, view, _workItem, planned: firstShowing);
        _view = view;
    }

    /// <inheritdoc />
    public Tensor Logits(ReadOnlySpan<int> batch, Tensor images)
    {
        var rows = new long[batch.Length];
        for (var i = 0; i < rows.Length; i++) rows[i] = _rows[batch[i]];
        using var onDevice = tensor(rows, device: _logits!.device);
        return _logits.index_select(0, onDevice);
    }

    /// <inheritdoc />
    public void Dispose() => _logits?.Dispose();
}
