using System.Data.Common;
using KdService.Core;
using KdService.Jobs.Schedules;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Quartz;

namespace KdService.Jobs.Queue;

/// <summary>The queue on Quartz: an attempt is a one-shot trigger whose execution group is the job's queue.</summary>
internal sealed class QuartzEngine(ISchedulerFactory schedulers) : IJobEngine
{
    private const string Group = "attempts";

    private const int PageSize = 1000;

    /// <summary>A trigger later than this counts as misfired and loses its place in the line: practically never.</summary>
    private static readonly TimeSpan MisfireThreshold = TimeSpan.FromDays(3650);

    private IScheduler? _scheduler;

    /// <summary>Sets Quartz up: clustered on the service's database, a queue's slots as limits of this node.</summary>
    public static void Configure(IQuartzBuilder quartz, KdOptions options)
    {
        quartz.ConfigureScheduler(scheduler =>
        {
            scheduler.InstanceName = "kd";
            // A worker's is the same after a restart, so that it clears up after itself at once; nodes without a worker hold no attempts.
            scheduler.InstanceId = options.IsWorker ? options.NodeId : $"{options.NodeId}/{SortableId.New()}";
            // How soon a node sees what others lined up.
            scheduler.IdleWaitTime = TimeSpan.FromSeconds(1);
        });
        quartz.UseDefaultThreadPool(options.TotalSlots + 1);
        quartz.UsePersistentStore(store =>
        {
            store.UsePostgres(source => source.DataSourceFactory = provider => provider.GetRequiredService<NpgsqlDataSource>());
            store.ProvisionSchema();
            store.UseClustering(cluster => cluster.CheckinInterval = cluster.CheckinMisfireThreshold = TimeSpan.FromSeconds(options.CheckinSeconds));
            store.ConfigureStore(settings => settings.AcceptEnlistedTransactions = settings.StoreJobDataAsStrings = true);
        });
        // Schedules fire where submissions are taken.
        string[] firings = options.IsApi ? [QuartzFirings.ExecutionGroup] : [];
        quartz.ServeExecutionGroups([.. options.IsWorker ? options.Queues.Keys : [], .. firings]);
        if (!options.IsWorker) return;
        quartz.UseExecutionLimits(limits =>
        {
            foreach (var (queue, devices) in options.Queues) limits.ForGroup(queue, devices.Count);
        });
    }

    public bool IsRunning => _scheduler?.Status == SchedulerStatus.Running;

    /// <summary>Builds the scheduler; before anything can be enlisted.</summary>
    public async Task InitialiseAsync(CancellationToken cancellation) => _scheduler = await schedulers.GetScheduler(cancellation);

    public IDisposable Enlist(DbTransaction transaction) => Scheduler.EnlistTransaction(transaction);

    public async Task ScheduleAsync(ScheduledAttempt attempt, CancellationToken cancellation)
    {
        // No recovery by Quartz: a cut attempt's lease expires, and the reconciler lines up the next attempt.
        var job = JobBuilder.Create<AttemptJob>().WithIdentity(attempt.Name.ToString(), Group).Build();
        var trigger = TriggerBuilder.Create()
            .WithIdentity(attempt.Name.ToString(), Group)
            .ForJob(job)
            .WithExecutionGroup(attempt.Queue)
            .WithMisfireThreshold(MisfireThreshold)
            .StartAt(attempt.Rank)
            .Build();
        await Scheduler.ScheduleJob(job, [trigger], new ScheduleJobOptions { Replace = true }, cancellation);
    }

    public async Task UnscheduleAsync(AttemptName name, CancellationToken cancellation) =>
        await Scheduler.DeleteJob(new JobKey(name.ToString(), Group), cancellation);

    public async Task<IReadOnlySet<AttemptName>> ListAsync(CancellationToken cancellation)
    {
        HashSet<AttemptName> names = [];
        for (var (skip, more) = (0, true); more;)
        {
            var page = await Scheduler.QueryTriggers(
                new TriggerQuery { Group = GroupMatcher<TriggerKey>.GroupEquals(Group), Skip = skip, Take = PageSize }, cancellation);
            // A trigger in error, or one left over after its only firing, will start nothing.
            foreach (var trigger in page.Items.Where(trigger => trigger.State is not (TriggerState.Error or TriggerState.Complete)))
                names.Add(AttemptName.Parse(trigger.Key.Name));
            (skip, more) = (skip + PageSize, page.HasMore);
        }
        return names;
    }

    public async Task StandbyAsync(CancellationToken cancellation) => await Scheduler.Standby(cancellation);

    private IScheduler Scheduler => _scheduler ?? throw new InvalidOperationException("the scheduler is used before it was initialised");
}
