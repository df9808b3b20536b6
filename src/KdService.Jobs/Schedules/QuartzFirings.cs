using KdService.Core.Schedules;
using Quartz;

namespace KdService.Jobs.Schedules;

/// <summary>Cron triggers on the clustered Quartz that holds the queue, too: a firing happens on one of the nodes that take requests.</summary>
internal sealed class QuartzFirings(ISchedulerFactory schedulers) : IFiringEngine
{
    /// <summary>The execution group of firings; a name that no spec can give to a queue.</summary>
    public const string ExecutionGroup = "(schedules)";

    private const string Group = "schedules";

    private const int PageSize = 1000;

    public async Task ScheduleAsync(string id, ScheduleSpec spec, DateTimeOffset first, CancellationToken cancellation)
    {
        // No recovery by Quartz: the row stays due until a firing has been recorded, and the reconciler looks for such rows.
        var job = JobBuilder.Create<FiringJob>().WithIdentity(id, Group).Build();
        var trigger = TriggerBuilder.Create()
            .WithIdentity(id, Group)
            .ForJob(job)
            .WithExecutionGroup(ExecutionGroup)
            .StartAt(first)
            .WithCronSchedule(CronTimes.Of(spec).Expression, cron => cron.WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed))
            .Build();
        var scheduler = await schedulers.GetScheduler(cancellation);
        await scheduler.ScheduleJob(job, [trigger], new ScheduleJobOptions { Replace = true }, cancellation);
    }

    public async Task UnscheduleAsync(string id, CancellationToken cancellation)
    {
        var scheduler = await schedulers.GetScheduler(cancellation);
        await scheduler.DeleteJob(new JobKey(id, Group), cancellation);
    }

    public async Task<IReadOnlySet<string>> ListAsync(CancellationToken cancellation)
    {
        var scheduler = await schedulers.GetScheduler(cancellation);
        HashSet<string> ids = [];
        for (var (skip, more) = (0, true); more;)
        {
            var page = await scheduler.QueryTriggers(
                new TriggerQuery { Group = GroupMatcher<TriggerKey>.GroupEquals(Group), Skip = skip, Take = PageSize }, cancellation);
            foreach (var trigger in page.Items.Where(trigger => trigger.State is not (TriggerState.Error or TriggerState.Complete))) ids.Add(trigger.Key.Name);
            (skip, more) = (skip + PageSize, page.HasMore);
        }
        return ids;
    }
}

/// <summary>What Quartz starts when a cron line's time has come.</summary>
[DisallowConcurrentExecution]
internal sealed class FiringJob(ScheduleFiring firing) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        // Quartz may be a few milliseconds early; a firing that comes late has a time of its own.
        var (now, fired) = (DateTimeOffset.UtcNow, context.ScheduledFireTimeUtc ?? DateTimeOffset.MinValue);
        await firing.FireAsync(context.JobDetail.Key.Name, now > fired ? now : fired, cancellationToken);
    }
}
