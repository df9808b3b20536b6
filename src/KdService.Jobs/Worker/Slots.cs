using System.Threading.Channels;

namespace KdService.Jobs.Worker;

/// <summary>The devices that this node lends to attempts, by queue.</summary>
internal sealed class Slots
{
    private readonly Dictionary<string, Channel<string>> _free = [];

    public Slots(KdOptions options)
    {
        foreach (var (queue, devices) in options.Queues)
        {
            _free[queue] = Channel.CreateUnbounded<string>();
            foreach (var device in devices) _free[queue].Writer.TryWrite(device);
        }
    }

    /// <summary>Takes a device of a queue; the queue's limit makes sure that one is free, or will be in a moment.</summary>
    public async Task<Slot> TakeAsync(string queue) => new(_free[queue], await _free[queue].Reader.ReadAsync());

    /// <summary>A device on loan until disposed.</summary>
    internal sealed record Slot(Channel<string> Home, string Device) : IDisposable
    {
        public void Dispose() => Home.Writer.TryWrite(Device);
    }
}
