using KdService.Core.Jobs;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>
/// Adds up losses and hits of an epoch. They stay on the device and are read every few steps, so that no step waits for the device
/// and a diverged loss is still found, with its step, before a checkpoint could carry it.
/// </summary>
internal sealed class EpochMeter : IDisposable
{
    /// <summary>Steps whose mean loss makes a point of the series.</summary>
    public const int Window = 10;

    private readonly List<(Tensor LossAndHits, long Step, int Samples)> _unread = [];

    /// <summary>The epoch so far, as far as it was read.</summary>
    public EpochSums Sums { get; private set; }

    /// <summary>Starts from sums that a checkpoint kept, or anew.</summary>
    public void Start(EpochSums sums = default)
    {
        Forget();
        Sums = sums;
    }

    /// <summary>Adds a step.</summary>
    /// <param name="step">Step of the plan, from 1.</param>
    /// <param name="loss">Mean loss of the batch, a scalar.</param>
    /// <param name="logits">The network's answers <c>[batch, classes]</c>.</param>
    /// <param name="labels">The classes, int64 <c>[batch]</c>; of values and of spans, int64 <c>[batch, 2]</c>, none counts as a hit.</param>
    public void Add(long step, Tensor loss, Tensor logits, Tensor labels)
    {
        using var _ = NewDisposeScope();
        var hits = labels is { dtype: ScalarType.Int64, ndim: 1 } ? logits.detach().argmax(1).eq(labels).sum() : zeros([], dtype: int64, device: logits.device);
        _unread.Add((stack([loss.detach().to(float32), hits.to(float32)]).DetachFromDisposeScope(), step, (int)labels.shape[0]));
    }

    /// <summary>Reads what the device holds.</summary>
    /// <exception cref="RunException">A loss is not finite.</exception>
    public void Read()
    {
        foreach (var (lossAndHits, step, samples) in _unread)
        {
            using var scope = NewDisposeScope();
            var read = lossAndHits.cpu();
            var (loss, hits) = (read[0].item<float>(), read[1].item<float>());
            if (!float.IsFinite(loss)) throw new RunException(FailureCode.Diverged, $"the loss was {loss} at step {step}") { Step = step };
            Sums = new EpochSums(Sums.Samples + samples, Sums.Loss + (double)loss * samples, Sums.Hits + (long)hits, Sums.WindowSteps + 1, Sums.WindowLoss + loss);
        }
        Forget();
    }

    /// <summary>Mean loss over the steps since the last call, which it closes; null where there were none.</summary>
    public double? TakeWindow()
    {
        double? mean = Sums.WindowSteps > 0 ? Sums.WindowLoss / Sums.WindowSteps : null;
        Sums = Sums with { WindowSteps = 0, WindowLoss = 0 };
        return mean;
    }

    /// <inheritdoc />
    public void Dispose() => Forget();

    private void Forget()
    {
        foreach (var (tensor, _, _) in _unread) tensor.Dispose();
        _unread.Clear();
    }
}

/// <summary>Running sums of an epoch; a resume checkpoint carries them.</summary>
/// <param name="Samples">Samples seen.</param>
/// <param name="Loss">Loss, summed over samples.</param>
/// <param name="Hits">Samples whose top class was right.</param>
/// <param name="WindowSteps">Steps since the last point of the loss series.</param>
/// <param name="WindowLoss">Their mean losses, summed.</param>
internal readonly record struct EpochSums(long Samples, double Loss, long Hits, int WindowSteps, double WindowLoss);
