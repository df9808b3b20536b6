using KdService.Core.Schedules;
using KdService.Core.Schema;
using KdService.Core.Wire;
using Quartz;

namespace KdService.Jobs.Schedules;

/// <summary>The moments that a cron line names. Quartz does the arithmetic, changes of clocks included.</summary>
internal sealed class CronTimes
{
    private readonly CronExpression _line;

    private CronTimes(CronExpression line) => _line = line;

    /// <summary>The line as Quartz's triggers take it, with its time zone.</summary>
    public CronExpression Expression => _line;

    /// <summary>The times of a schedule that was checked when it was taken in.</summary>
    public static CronTimes Of(ScheduleSpec spec) => new(Parse(spec));

    /// <summary>The times of a schedule whose form is right; null, with a problem noted, if there are none.</summary>
    public static CronTimes? Read(ScheduleSpec spec, DateTimeOffset now, ProblemList problems)
    {
        try
        {
            var times = Of(spec);
            if (times.NextAfter(now) is not null) return times;
            problems.Add("/cron", $"\"{spec.Cron}\" given, which never comes; days that the months have and years to come, as in \"0 3 28 2 *\" (every 28 February at 3:00)");
        }
        catch (Exception unreadable) when (unreadable is FormatException or ArgumentException)
        {
            problems.Add("/cron", $"\"{spec.Cron}\" given: {unreadable.Message}; a line such as \"0 3 * * *\" (every day at 3:00)");
        }
        return null;
    }

    /// <summary>The first moment after another; null if there is none.</summary>
    public DateTimeOffset? NextAfter(DateTimeOffset moment) => _line.GetNextValidTimeAfter(moment)?.ToUniversalTime();

    /// <summary>The next moments.</summary>
    public IEnumerable<RunTime> After(DateTimeOffset moment)
    {
        while (NextAfter(moment) is { } next)
        {
            yield return new RunTime(TimeZoneInfo.ConvertTime(next, _line.TimeZone), next);
            moment = next;
        }
    }

    private static CronExpression Parse(ScheduleSpec spec) => CronExpression
        .Parse(spec.Cron, CronLine.FormOf(spec.Cron) == CronForm.Crontab ? CronFormat.Unix : CronFormat.Quartz)
        .WithTimeZone(TimeZoneInfo.FindSystemTimeZoneById(spec.TimeZone));
}
