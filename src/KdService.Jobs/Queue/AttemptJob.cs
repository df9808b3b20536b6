using KdService.Jobs.Worker;
using Quartz;

namespace KdService.Jobs.Queue;

/// <summary>What Quartz starts when an attempt's turn has come: the worker's runner.</summary>
internal sealed class AttemptJob(AttemptRunner runner) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) =>
        await runner.RunAsync(AttemptName.Parse(context.JobDetail.Key.Name), context.Trigger.ExecutionGroup!);
}
