using static TorchSharp.torch;

namespace KdService.Distillation.Augmenters;

/// <summary>Puts a network's running statistics back as they were: what it sees in between leaves no trace in them.</summary>
internal sealed class RunningStatistics : IDisposable
{
    private readonly List<(Tensor Buffer, Tensor Before)> _buffers;

    /// <summary>Keeps the statistics of a network until disposed.</summary>
    public RunningStatistics(nn.Module network) =>
        _buffers = [.. network.named_buffers().Select(buffer => (buffer.buffer, buffer.buffer.clone().DetachFromDisposeScope()))];

    /// <summary>Puts them back.</summary>
    public void Dispose()
    {
        using var _ = no_grad();
        foreach (var (buffer, before) in _buffers)
        {
            buffer.copy_(before);
            before.Dispose();
        }
    }
}
