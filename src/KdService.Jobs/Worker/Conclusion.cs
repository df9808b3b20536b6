using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Jobs.Lifecycle;

namespace KdService.Jobs.Worker;

/// <summary>What follows for the job from the way its trainer ended.</summary>
internal sealed record Conclusion(JobTrigger Trigger, Change Change)
{
    // How the program that starts the trainer says that it could not, as shells do.
    private const int CannotRun = 126;
    private const int NotFound = 127;

    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(5);

    /// <summary>Concludes from the trainer's exit, whether it was killed because its grace ran out, its last words, and the order it was given.</summary>
    public static Conclusion Of(
        StopOrder order, int exitCode, bool overdue, RunReport? report, RunFailed? failed, AttemptWork work, KdOptions options, LogTail log)
    {
        var ended = new Change { ExitCode = exitCode, Log = log.ToArray() };
        if (exitCode == TrainerExit.Succeeded && report is not null)
            return new(JobTrigger.Succeed, ended with { Report = report });
        if (order == StopOrder.Cancel)
            return new(JobTrigger.Stop, ended with { Reason = "cancelled" });
        if (failed is not null || exitCode == TrainerExit.SpecOrDataAtFault)
        {
            return Failure(
                failed?.Code ?? FailureCode.InvalidPlan, failed?.Message ?? "the trainer refuses the plan or the data and does not say why; see the log",
                failed?.Step, ended, work, options);
        }
        if (order == StopOrder.TimeLimit)
        {
            return new(JobTrigger.Fail, ended with
            {
                Failure = Failures.Of(FailureCode.TimeLimit, $"the {work.Spec.Resources.TimeLimitSeconds} s that the job may run are used up", null, ended.Log),
            });
        }
        if (order == StopOrder.Pause)
            return new(JobTrigger.Stop, ended with { NoFault = true, Reason = HowStopped("paused") });
        if (order == StopOrder.Shutdown)
            return new(JobTrigger.Requeue, ended with { NoFault = true, Reason = HowStopped("the worker shut down") });
        if (exitCode is CannotRun or NotFound)
            return Failure(FailureCode.NodeUnfit, $"the trainer {options.TrainerPath} cannot be started: {ended.Log.LastOrDefault()}", null, ended, work, options);
        return Failure(FailureCode.TrainerCrashed, Describe(exitCode), null, ended, work, options);

        string HowStopped(string why) => exitCode == TrainerExit.Stopped ? why
            : $"{why}; the trainer left no new checkpoint ({(overdue ? $"it had not stopped after {options.StopGraceSeconds} s and was killed by the worker" : Describe(exitCode))})";
    }

    /// <summary>Concludes from a fault on the worker's side.</summary>
    public static Conclusion Of(AttemptFailedException fault, AttemptWork work, KdOptions options, LogTail log) =>
        Failure(fault.Code, fault.Message, null, new Change { Log = log.ToArray() }, work, options);

    /// <summary>Another attempt if it could help and the budget allows one, else the end.</summary>
    private static Conclusion Failure(FailureCode code, string message, long? step, Change ended, AttemptWork work, KdOptions options)
    {
        if (FailureAdvice.MayPass(code) && work.Name.Number < work.AttemptLimit)
        {
            var doublings = Math.Min(work.Name.Number - 1, 16);
            var delay = TimeSpan.FromSeconds(options.RetryBackoffSeconds * (1 << doublings));
            return new(JobTrigger.Requeue, ended with
            {
                Reason = $"{Words.Of(code)}: {message}",
                Delay = delay < LongestBackoff ? delay : LongestBackoff,
            });
        }
        return new(JobTrigger.Fail, ended with { Failure = Failures.Of(code, message, step, ended.Log) });
    }

    private static string Describe(int exitCode) => exitCode switch
    {
        TrainerExit.Succeeded => "the trainer ended without its report",
        TrainerExit.Stopped => "the trainer was stopped by someone else",
        128 + Posix.SigKill => "the trainer was killed (signal 9), by the kernel if memory ran out",
        > 128 => $"the trainer died of signal {exitCode - 128}",
        _ => $"the trainer ended with exit code {exitCode}",
    };
}
