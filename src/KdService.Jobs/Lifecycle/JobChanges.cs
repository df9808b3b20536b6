using System.Collections.Concurrent;
using KdService.Jobs.Persistence;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Lifecycle;

/// <summary>
/// Hears from PostgreSQL which jobs changed, and wakes who waits for them. It only saves waiting: a notice may be lost with its
/// connection, so whoever waits also looks from time to time.
/// </summary>
internal sealed class JobChanges(NpgsqlDataSource database, ILogger<JobChanges> log) : BackgroundService
{
    private static readonly TimeSpan Reconnect = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, HashSet<Watch>> _watches = new();

    /// <summary>Watches a topic (a job's id, its <see cref="JobEvents.StateTopic"/>, or <see cref="JobEvents.TurnTopic"/>) from now on.</summary>
    public Watch Subscribe(string topic)
    {
        var watch = new Watch(this, topic);
        var watches = _watches.GetOrAdd(topic, static _ => []);
        lock (watches) watches.Add(watch);
        // The set may have been dropped as empty in between; then start over.
        return _watches.TryGetValue(topic, out var current) && ReferenceEquals(current, watches) ? watch : Subscribe(topic);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (Exception lost) when (lost is NpgsqlException or IOException or TimeoutException && !stoppingToken.IsCancellationRequested)
            {
                log.LogWarning("Lost the connection that hears of changes ({Reason}); connecting again", lost.Message);
                await Task.Delay(Reconnect, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                // The service stops.
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        connection.Notification += (_, notice) => Wake(notice.Payload);
        await using (var listen = new NpgsqlCommand($"listen {JobEvents.Channel}", connection)) await listen.ExecuteNonQueryAsync(cancellation);
        while (true) await connection.WaitAsync(cancellation);
    }

    private void Wake(string topic)
    {
        if (!_watches.TryGetValue(topic, out var watches)) return;
        lock (watches)
        {
            foreach (var watch in watches) watch.Set();
        }
    }

    private void Remove(Watch watch, string topic)
    {
        if (!_watches.TryGetValue(topic, out var watches)) return;
        lock (watches)
        {
            watches.Remove(watch);
            if (watches.Count == 0) _watches.TryRemove(new(topic, watches));
        }
    }

    /// <summary>Remembers that a job changed until somebody asks.</summary>
    internal sealed class Watch(JobChanges changes, string topic) : IDisposable
    {
        private readonly SemaphoreSlim _changed = new(0, 1);

        /// <summary>Waits for a change since the last wait, but no longer than a while.</summary>
        public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellation) => await _changed.WaitAsync(atMost, cancellation);

        internal void Set()
        {
            if (_changed.CurrentCount == 0) _changed.Release();
        }

        public void Dispose()
        {
            changes.Remove(this, topic);
            _changed.Dispose();
        }
    }
}
