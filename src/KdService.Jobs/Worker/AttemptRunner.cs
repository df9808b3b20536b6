using System.Collections.Concurrent;
using System.ComponentModel;
using KdService.Core.Jobs;
using KdService.Jobs.Lifecycle;
using KdService.Jobs.Persistence;
using KdService.Jobs.Queue;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Worker;

/// <summary>Runs attempts on this node: opens one, starts its trainer, carries its words home, and closes it.</summary>
internal sealed class AttemptRunner(
    KdOptions options, Slots slots, AttemptStore attempts, ArtifactStore artifacts, WorkFolder folders, SignalCache signals, LeaseKeeper leases, JobChanges changes,
    ILogger<AttemptRunner> log)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<AttemptName, (StopOrders Orders, Task Ended)> _active = new();
    private volatile bool _stopping;

    /// <summary>Runs one attempt to its end, if its turn has really come.</summary>
    public async Task RunAsync(AttemptName name, string queue)
    {
        using var scope = log.BeginScope(new Dictionary<string, object> { ["JobId"] = name.JobId, ["Attempt"] = name.Number });
        using var slot = await slots.TakeAsync(queue);
        if (_stopping) return;
        var ended = new TaskCompletionSource();
        using var orders = new StopOrders();
        _active[name] = (orders, ended.Task);
        try
        {
            using var stateChanges = changes.Subscribe(JobEvents.StateTopic(name.JobId));
            if (await attempts.OpenAsync(name, slot.Device, CancellationToken.None) is { } work)
                await RunAsync(work, orders, stateChanges);
            else
                log.LogInformation("Attempt {Attempt} is not due any more", name.Number);
        }
        finally
        {
            _active.TryRemove(name, out _);
            ended.SetResult();
        }
    }

    /// <summary>Has every trainer write its checkpoint and hands the jobs back to the queue.</summary>
    public async Task StopAsync()
    {
        _stopping = true;
        var active = _active.Values.ToList();
        foreach (var (orders, _) in active) orders.Give(StopOrder.Shutdown);
        await Task.WhenAll(active.Select(attempt => attempt.Ended));
    }

    private async Task RunAsync(AttemptWork work, StopOrders orders, JobChanges.Watch stateChanges)
    {
        log.LogInformation("Attempt {Attempt} began on {Device}{Resume}", work.Name.Number, work.Device, work.Resume is null ? "" : ", from its checkpoint");
        if (_stopping) orders.Give(StopOrder.Shutdown);
        using var closed = new CancellationTokenSource();
        var keeping = leases.KeepAsync(work, stateChanges, orders, closed.Token);
        try
        {
            var conclusion = await RunTrainerAsync(work, orders);
            orders.Closing = true;
            await CloseAsync(work, conclusion, orders);
        }
        finally
        {
            await closed.CancelAsync();
            await keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            folders.Remove(work.Name);
            signals.Trim();
        }
    }

    private async Task<Conclusion> RunTrainerAsync(AttemptWork work, StopOrders orders)
    {
        var tail = new LogTail();
        try
        {
            var folder = folders.Prepare(work);
            var threads = work.Spec.Resources.Threads ?? options.ThreadsPerSlot;
            using var trainer = await TrainerProcess.StartAsync(options.TrainerPath, folder, work.Device, threads);
            var pump = new EventPump(work.Name, folder, attempts, artifacts, log);
            AttemptFailedException? fault = null;
            var pumping = PumpAsync(pump, trainer, orders, found => fault = found);
            var logging = KeepLogAsync(trainer.Log, tail);
            var overdue = await StopWhenOrderedAsync(trainer, orders);
            // What the trainer started may still hold its output open.
            trainer.Kill();
            await Task.WhenAll(pumping, logging);
            return fault is not null
                ? Conclusion.Of(fault, work, options, tail)
                : Conclusion.Of(orders.Strongest, trainer.ExitCode, overdue, pump.Report, pump.Failed, work, options, tail);
        }
        catch (AttemptFailedException failed)
        {
            return Conclusion.Of(failed, work, options, tail);
        }
        catch (Win32Exception missing)
        {
            return Conclusion.Of(new AttemptFailedException(FailureCode.NodeUnfit, $"util-linux is missing: {missing.Message}"), work, options, tail);
        }
    }

    private static async Task PumpAsync(EventPump pump, TrainerProcess trainer, StopOrders orders, Action<AttemptFailedException> fault)
    {
        try
        {
            await pump.RunAsync(trainer.Output, orders.Lost);
        }
        catch (AttemptFailedException failed)
        {
            // Kept for the conclusion; the trainer, whose words go nowhere now, has to end first.
            fault(failed);
            orders.Give(StopOrder.Fault);
        }
        catch (Exception lost) when (lost is LeaseLostException or OperationCanceledException)
        {
            // Another attempt has taken over; this one ends in silence.
            orders.Give(StopOrder.LeaseLost);
        }
    }

    private async Task KeepLogAsync(StreamReader lines, LogTail tail)
    {
        while (await lines.ReadLineAsync() is { } line)
        {
            tail.Add(line);
            log.LogInformation("trainer: {Line}", line);
        }
    }

    /// <summary>Waits for the trainer, which it asks to stop, and in the end makes stop, when an order comes; returns whether its grace ran out.</summary>
    private async Task<bool> StopWhenOrderedAsync(TrainerProcess trainer, StopOrders orders)
    {
        var exited = trainer.WaitAsync();
        Task? grace = null;
        var overdue = false;
        while (!exited.IsCompleted)
        {
            var changed = orders.Changed;
            if (orders.Strongest >= StopOrder.Cancel || grace is { IsCompleted: true })
            {
                overdue = grace is { IsCompleted: true };
                trainer.Kill();
                await exited;
            }
            else if (orders.Strongest > StopOrder.None && grace is null)
            {
                trainer.Terminate();
                grace = Task.Delay(options.StopGrace);
            }
            await (grace is null ? Task.WhenAny(exited, changed) : Task.WhenAny(exited, changed, grace));
        }
        return overdue;
    }

    private async Task CloseAsync(AttemptWork work, Conclusion conclusion, StopOrders orders)
    {
        while (orders.Strongest != StopOrder.LeaseLost)
        {
            try
            {
                var state = await attempts.CloseAsync(work.Name, conclusion.Trigger, conclusion.Change, CancellationToken.None);
                if (state is null) log.LogWarning("Attempt {Attempt} had passed to another when it ended", work.Name.Number);
                else log.LogInformation("Attempt {Attempt} ended: {Trigger}; the job is {State}. {Reason}", work.Name.Number, conclusion.Trigger, state, conclusion.Change.Reason);
                return;
            }
            catch (NpgsqlException unreachable) when (unreachable is not PostgresException || unreachable.IsTransient)
            {
                // The outcome is worth waiting for the database, as long as the lease holds.
                log.LogWarning("Cannot close attempt {Attempt} now ({Reason}); trying again", work.Name.Number, unreachable.Message);
                await Task.WhenAny(Task.Delay(RetryAfter), orders.Changed);
            }
        }
    }
}
