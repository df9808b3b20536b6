using KdService.Core.Schedules;
using KdService.Core.Schema;
using KdService.Jobs.Schedules;
using KdService.Jobs.Tests.Support;

namespace KdService.Jobs.Tests.Schedules;

public class CronTimesTests
{
    [Theory]
    [InlineData("0 3 * * *", "UTC", "2026-01-31T12:00Z", "2026-02-01T03:00+00:00", "2026-02-02T03:00+00:00")]
    [InlineData("0 3 * * *", "Asia/Kolkata", "2026-01-31T12:00Z", "2026-02-01T03:00+05:30", "2026-02-02T03:00+05:30")]
    [InlineData("*/20 9 * * MON-FRI", "UTC", "2026-01-30T09:30Z", "2026-01-30T09:40+00:00", "2026-02-02T09:00+00:00")]
    [InlineData("0 0 29 2 *", "UTC", "2026-01-01T00:00Z", "2028-02-29T00:00+00:00", "2032-02-29T00:00+00:00")]
    // Sunday is 0 and 7 in a crontab, and 1 with Quartz.
    [InlineData("0 3 * * 0", "UTC", "2026-01-31T12:00Z", "2026-02-01T03:00+00:00", "2026-02-08T03:00+00:00")]
    [InlineData("0 3 * * 7", "UTC", "2026-01-31T12:00Z", "2026-02-01T03:00+00:00", "2026-02-08T03:00+00:00")]
    [InlineData("0 0 3 ? * 1", "UTC", "2026-01-31T12:00Z", "2026-02-01T03:00+00:00", "2026-02-08T03:00+00:00")]
    // Ranges that go round: hours 22, 23 and 0; Friday to Monday.
    [InlineData("0 22-0 * * *", "UTC", "2026-01-31T23:30Z", "2026-02-01T00:00+00:00", "2026-02-01T22:00+00:00")]
    [InlineData("0 3 * * 5-1", "UTC", "2026-02-01T12:00Z", "2026-02-02T03:00+00:00", "2026-02-06T03:00+00:00")]
    [InlineData("0 3 * * SAT-SUN", "UTC", "2026-01-31T12:00Z", "2026-02-01T03:00+00:00", "2026-02-07T03:00+00:00")]
    // Both days restricted: either will do. Friday the 6th, Friday the 13th, then Sunday the 15th.
    [InlineData("0 0 15 * FRI", "UTC", "2026-02-07T00:00Z", "2026-02-13T00:00+00:00", "2026-02-15T00:00+00:00")]
    [InlineData("0 0 3 15 * FRI", "UTC", "2026-02-07T00:00Z", "2026-02-13T03:00+00:00", "2026-02-15T03:00+00:00")]
    [InlineData("0/30 * * * * ?", "UTC", "2026-01-01T00:00Z", "2026-01-01T00:00:30+00:00", "2026-01-01T00:01:00+00:00")]
    [InlineData("@daily", "UTC", "2026-01-01T00:00Z", "2026-01-02T00:00+00:00", "2026-01-03T00:00+00:00")]
    // The clocks go forward at 2:00 on 29 March: 2:30 does not exist and runs at 3:00.
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00")]
    // They go back at 3:00 on 25 October: 2:30 comes twice and runs once.
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00")]
    [InlineData("0 3 * * *", "America/New_York", "2026-03-07T12:00Z", "2026-03-08T03:00-04:00", "2026-03-09T03:00-04:00")]
    // What runs every hour runs every hour.
    [InlineData("0 * * * *", "Europe/Berlin", "2026-03-29T00:30Z", "2026-03-29T03:00+02:00", "2026-03-29T04:00+02:00")]
    public void After_OfALine_NamesTheMomentsThatItMeans(string cron, string zone, string now, string first, string second)
    {
        var times = CronTimes.Of(Spec(cron, zone)).After(DateTimeOffset.Parse(now)).Take(2).ToList();

        Assert.Equal([DateTimeOffset.Parse(first), DateTimeOffset.Parse(second)], times.Select(time => time.Local));
        Assert.Equal([DateTimeOffset.Parse(first).Offset, DateTimeOffset.Parse(second).Offset], times.Select(time => time.Local.Offset));
        Assert.All(times, time => Assert.Equal((time.Local, TimeSpan.Zero), (time.Utc, time.Utc.Offset)));
    }

    [Theory]
    [InlineData("0 0 30 2 *")]
    [InlineData("0 0 31 4,6 *")]
    [InlineData("0 0 3 1 1 ? 2020")]
    public void Read_LineThatNeverComes_SaysSoWithOneThatDoes(string cron)
    {
        var problems = new ProblemList();
        Assert.Null(CronTimes.Read(Spec(cron, "UTC"), DateTimeOffset.Parse("2026-01-01T00:00Z"), problems));

        var problem = Assert.Single(problems.Items);
        Assert.Equal("/cron", problem.Pointer);
        Assert.StartsWith($"\"{cron}\" given, which never comes; ", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EveryLineThatComplaintsShow_Comes()
    {
        var problems = new ProblemList();
        foreach (var line in CronLine.Examples.Keys.Append("0 3 28 2 *"))
            Assert.NotNull(CronTimes.Read(Spec(line, "UTC"), DateTimeOffset.Parse("2026-01-01T00:00Z"), problems));
        Assert.Empty(problems.Items);
    }

    internal static ScheduleSpec Spec(string cron, string zone) => new() { Name = "test", Cron = cron, TimeZone = zone, Job = TestNode.Spec() };
}
