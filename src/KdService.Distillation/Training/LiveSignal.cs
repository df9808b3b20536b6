using System.Diagnostics;
using KdService.Core.Plans;
using KdService.Distillation.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>The teacher runs on every batch.</summary>
internal sealed class LiveSignal : ITeacherSignal
{
    private readonly TeacherNetwork _teacher;
    private readonly bool _owned;
    private readonly IReadOnlyList<string> _tapNames;
    private readonly FeatureTaps? _taps;
    private readonly Device _device;

    // Waiting for a GPU to time it would slow every step; one batch in so many stands for the others.
    private readonly int _timedEvery;
    private long _batches;
    private SignalCost _cost;

    /// <summary>Has a network answer.</summary>
    /// <param name="teacher">The network.</param>
    /// <param name="owned">Whether it is released with the signal.</param>
    /// <param name="taps">Features that are part of the answer.</param>
    /// <param name="device">Where it is.</param>
    /// <param name="cost">What earlier attempts spent.</param>
    public LiveSignal(TeacherNetwork teacher, bool owned, IReadOnlyList<string> taps, Device device, SignalCost cost)
    {
        (_teacher, _owned, _tapNames, _device, _cost) = (teacher, owned, taps, device, cost);
        _taps = taps.Count > 0 ? teacher.Tap(taps) : null;
        _timedEvery = device.type == DeviceType.CUDA ? 32 : 1;
    }

    /// <inheritdoc />
    public SignalCost Cost => _cost with { Seconds = _cost.Paced > 0 ? _cost.PacedSeconds * _cost.Computed / _cost.Paced : 0 };

    /// <inheritdoc />
    public void Prepare(int epoch, Showing showing, bool firstShowing)
    {
        // The batches themselves carry the view.
    }

    /// <inheritdoc />
    public TeacherAnswer Answer(ReadOnlySpan<int> batch, Tensor inputs)
    {
        var timed = _batches++ % _timedEvery == 0;
        if (timed) Await();
        var began = Stopwatch.GetTimestamp();
        var logits = _teacher.Logits(inputs);
        if (timed)
        {
            Await();
            _cost += new SignalCost(0, 0, batch.Length, Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
        _cost = _cost with { Computed = _cost.Computed + batch.Length };
        return _taps is null ? new TeacherAnswer(logits) : new TeacherAnswer(logits, _tapNames.ToDictionary(name => name, name => _taps[name]));
    }

    /// <inheritdoc />
    public Tensor Ask(Func<nn.Module<Tensor, Tensor>, Tensor> question) => _teacher.Ask(question);

    /// <inheritdoc />
    public void Dispose()
    {
        _taps?.Dispose();
        if (_owned) _teacher.Dispose();
    }

    private void Await()
    {
        if (_device.type == DeviceType.CUDA) cuda.synchronize();
    }
}
