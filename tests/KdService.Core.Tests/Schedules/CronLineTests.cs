using KdService.Core.Schedules;
using KdService.Core.Schema;

namespace KdService.Core.Tests.Schedules;

public class CronLineTests
{
    [Theory]
    [InlineData("0 3 * * *", CronForm.Crontab)]
    [InlineData("*/5 9-17 * * 1-5", CronForm.Crontab)]
    [InlineData("0 0 1,15 jan-mar sun", CronForm.Crontab)]
    [InlineData("0 0 * * 7", CronForm.Crontab)]
    [InlineData("  0   0 L *\t* ", CronForm.Crontab)]
    [InlineData("0 0 * * FRI#2", CronForm.Crontab)]
    [InlineData("@daily", CronForm.Crontab)]
    [InlineData("0 0 3 * * ?", CronForm.Quartz)]
    [InlineData("0/10 * * * * *", CronForm.Quartz)]
    [InlineData("0 0 3 LW * ? 2030", CronForm.Quartz)]
    [InlineData("0 0 3 15W * ?", CronForm.Quartz)]
    [InlineData("0 0 3 ? * 6L", CronForm.Quartz)]
    public void Check_GoodLine_IsReadInItsForm(string line, CronForm form)
    {
        var problems = new ProblemList();
        CronLine.Check(line, "/cron", problems);
        Assert.Empty(problems.Items);
        Assert.Equal(form, CronLine.FormOf(line));
    }

    [Theory]
    [InlineData("", "0 fields given; five (minute, hour, day of the month, month, day of the week), as in \"0 3 * * *\" (every day at 3:00), or six or seven")]
    [InlineData("tomorrow", "1 fields given")]
    [InlineData("* * * *", "4 fields given")]
    [InlineData("0 0 3 * * ? 2030 *", "8 fields given")]
    [InlineData("@fortnightly", "@fortnightly given; one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly")]
    [InlineData("61 * * * *", "minute 61 given; a number from 0 to 59, as in \"*/15 * * * *\" (every quarter of an hour)")]
    [InlineData("0 24 * * *", "hour 24 given; a number from 0 to 23, as in \"0 3 * * *\" (every day at 3:00)")]
    [InlineData("0 9-25 * * *", "hour 25 given")]
    [InlineData("0 0 0 * *", "day of the month 0 given; a number from 1 to 31")]
    [InlineData("0 0 * 13 *", "month 13 given; a number from 1 to 12 or a name from JAN to DEC")]
    [InlineData("0 0 * MAI *", "month MAI given")]
    [InlineData("0 0 * * 8", "day of the week 8 given; a number from 0 to 7 or a name from SUN to SAT, as in \"0 3 * * MON-FRI\"")]
    [InlineData("0 0 3 ? * 0", "day of the week 0 given; a number from 1 to 7")]
    [InlineData("60 * * * * ?", "second 60 given")]
    [InlineData("0 0 3 * * ? 1969", "year 1969 given")]
    [InlineData("*/0 * * * *", "minute in steps of 0 given; steps from 1 to 59")]
    [InlineData("*/90 * * * *", "minute in steps of 90 given")]
    [InlineData("0 3 , * *", "day of the month \"\" given; a number from 1 to 31, a list (1,2), a range (1-5), a step (*/2)")]
    [InlineData("-1 * * * *", "minute \"-1\" given")]
    [InlineData("H H * * *", "minute \"H\" given")]
    [InlineData("? * * * *", "minute \"?\" given")]
    [InlineData("0 3 * * every-single-working-day", "day of the week \"EVERY-SINGLE-WORK...\" given")]
    public void Check_Nonsense_SaysWhatIsWrongAndWhatWouldBeRight(string line, string detail)
    {
        var problems = new ProblemList();
        CronLine.Check(line, "/cron", problems);
        Assert.Contains(problems.Items, problem => problem.Pointer == "/cron" && problem.Detail.StartsWith(detail, StringComparison.Ordinal));
    }

    [Fact]
    public void Check_LineWithThreeWrongFields_NamesAllThree()
    {
        var problems = new ProblemList();
        CronLine.Check("61 25 * * 9", "/cron", problems);
        Assert.Equal(["minute 61", "hour 25", "day of the week 9"], problems.Items.Select(problem => problem.Detail.Split(" given")[0]));
    }

    public static TheoryData<string> Examples => [.. CronLine.Examples.Keys];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Check_LineThatComplaintsShow_IsGood(string line) => Check_GoodLine_IsReadInItsForm(line, CronLine.FormOf(line));
}
