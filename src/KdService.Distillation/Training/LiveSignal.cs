using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>The teacher runs on every batch.</summary>
internal sealed class LiveSignal(TeacherNetwork teacher, Device device, SignalCost cost) : ITeacherSignal
{
    // Waiting for a GPU to time it would slow every step; one batch in so many stands for the others.
    private readonly int _timedEvery = device.type == DeviceType.CUDA ? 32 : 1;
    private long _batches;
    private SignalCost _cost = cost;

    /// <inheritdoc />
    public SignalCost Cost => _cost with { Seconds = _cost.Paced > 0 ? _cost.PacedSeconds * _cost.Computed / _cost.Paced : 0 };

    /// <inheritdoc />
    public void Prepare(int? view, bool firstShowing)
    {
        // The batches themselves carry the view.
    }

    /// <inheritdoc />
    public Tensor Logits(ReadOnlySpan<int> batch, Tensor images)
    {
        var timed = _batches++ % _timedEvery == 0;
        if (timed) Await();
        var began = Stopwatch.GetTimestamp();
        var logits = teacher.Logits(images);
        if (timed)
        {
            Await();
            _cost += new SignalCost(0, 0, batch.Length, Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
        _cost = _cost with { Computed = _cost.Computed + batch.Length };
        return logits;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // The teacher belongs to the run.
    }

    private void Await()
    {
        if (device.type == DeviceType.CUDA) cuda.synchronize();
    }
}
