namespace KdService.Jobs.Worker;

/// <summary>Why a trainer is to stop before it has finished, weakest first.</summary>
internal enum StopOrder
{
    None,

    /// <summary>The worker shuts down: checkpoint, and another worker goes on.</summary>
    Shutdown,

    /// <summary>The job's time is used up.</summary>
    TimeLimit,

    /// <summary>A user paused the job.</summary>
    Pause,

    /// <summary>A user cancelled the job: at once, no checkpoint.</summary>
    Cancel,

    /// <summary>What the trainer wrote cannot be stored: at once.</summary>
    Fault,

    /// <summary>The attempt is not ours any more: at once, and nothing is written.</summary>
    LeaseLost,
}

/// <summary>The strongest order given so far, and a way to wait for a stronger.</summary>
internal sealed class StopOrders : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _lost = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StopOrder Strongest { get; private set; }

    /// <summary>Set once the attempt's outcome is being written, after which the lease is nobody's.</summary>
    public bool Closing { get; set; }

    /// <summary>Cancelled when the lease is lost.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Completes when a stronger order comes than the strongest at this moment.</summary>
    public Task Changed
    {
        get
        {
            lock (_lock) return _changed.Task;
        }
    }

    public void Dispose() => _lost.Dispose();

    public void Give(StopOrder order)
    {
        lock (_lock)
        {
            if (order <= Strongest) return;
            Strongest = order;
            _changed.SetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        if (order == StopOrder.LeaseLost) _lost.Cancel();
    }
}
