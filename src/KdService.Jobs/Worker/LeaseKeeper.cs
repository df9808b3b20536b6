using System.Diagnostics;
using KdService.Core.Jobs;
using KdService.Jobs.Lifecycle;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Worker;

/// <summary>Renews an attempt's lease, and learns by it what users ask of the job.</summary>
internal sealed class LeaseKeeper(AttemptStore attempts, KdOptions options, ILogger<LeaseKeeper> log)
{
    /// <summary>Runs until cancelled, or until it has ordered to stop because the lease is lost.</summary>
    /// <param name="work">The attempt.</param>
    /// <param name="changes">Wakes when the job's state changes.</param>
    /// <param name="orders">Hears what is to be done.</param>
    /// <param name="cancellation">Cancelled once the attempt is closed.</param>
    public async Task KeepAsync(AttemptWork work, JobChanges.Watch changes, StopOrders orders, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        var renewed = began;
        while (true)
        {
            var used = work.SecondsUsed + Stopwatch.GetElapsedTime(began).TotalSeconds;
            var left = work.Spec.Resources.TimeLimitSeconds - used;
            if (left <= 0) orders.Give(StopOrder.TimeLimit);
            var pause = left is > 0 && left < options.HeartbeatSeconds ? TimeSpan.FromSeconds(left.Value) : options.Heartbeat;
            await changes.WaitAsync(pause, cancellation);

            var asked = Stopwatch.GetTimestamp();
            try
            {
                using var expiry = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                expiry.CancelAfter(options.Lease);
                if (await attempts.RenewAsync(work.Name, used, expiry.Token) is not { } state)
                {
                    if (orders.Closing) return;
                    log.LogWarning("The lease has passed to another; ending the trainer");
                    orders.Give(StopOrder.LeaseLost);
                    return;
                }
                renewed = asked;
                if (state == JobState.Cancelling) orders.Give(StopOrder.Cancel);
                else if (state == JobState.Pausing) orders.Give(StopOrder.Pause);
            }
            catch (Exception unreachable) when (unreachable is NpgsqlException or OperationCanceledException && !cancellation.IsCancellationRequested)
            {
                log.LogWarning("Cannot renew the lease now ({Reason})", unreachable.Message);
                if (Stopwatch.GetElapsedTime(renewed) < options.Lease) continue;
                log.LogError("The lease could not be renewed in {Seconds} s and may have passed to another; ending the trainer", options.LeaseSeconds);
                orders.Give(StopOrder.LeaseLost);
                return;
            }
        }
    }
}
