using KdService.Core.Schedules;
using KdService.Core.Wire;

namespace KdService.Core.Tests.Schedules;

public class RunComparisonTests
{
    [Fact]
    public void Interval_OfFourRuns_IsTheTextbooks()
    {
        // Mean 5, deviation 2; t(0.975, 3) = 3.18245, sqrt(1 + 1/4) = 1.118034.
        var interval = PredictionInterval.From([5 + Math.Sqrt(6), 5 - Math.Sqrt(6), 5, 5])!;
        Assert.Equal((5, 2, 4), (interval.Mean, Math.Round(interval.Deviation, 12), interval.Runs));
        Assert.Equal((-2.116, 12.116), (Math.Round(interval.Low, 3), Math.Round(interval.High, 3)));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(30, true)]
    [InlineData(500, true)]
    public void Interval_FromSoManyRuns_IsThereOrNot(int runs, bool there)
    {
        var interval = PredictionInterval.From(Enumerable.Range(0, runs).Select(run => (double)run));
        Assert.Equal(there, interval is not null);
        Assert.InRange(interval?.Runs ?? 0, 0, PredictionInterval.Most);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.8845)]
    [InlineData(1e9 / 3)]
    public void Interval_OfEqualRuns_ExcludesEveryOtherNumberAndNotTheirs(double value)
    {
        var interval = PredictionInterval.From(Enumerable.Repeat(value, 7))!;
        Assert.False(interval.Excludes(value));
        Assert.True(interval.Excludes(value * 1.0001));
    }

    [Fact]
    public void Interval_OfNormalRuns_HoldsTheNextNinetyFiveTimesInAHundred()
    {
        var random = new Random(1);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        foreach (var earlier in new[] { 3, 10, 30 })
        {
            var held = Enumerable.Range(0, 20_000).Count(_ => !PredictionInterval.From(Enumerable.Range(0, earlier).Select(_ => Normal()))!.Excludes(Normal()));
            Assert.InRange(held / 20_000.0, 0.945, 0.955);
        }
    }

    [Fact]
    public void Compare_WithEarlierRuns_GivesChangeAndFlag()
    {
        IReadOnlyDictionary<Measure, double>[] earlier = [Run(0.80, 10), Run(0.82, 12), Run(0.81, 11)];
        var numbers = RunComparison.Compare(Run(0.70, 11), earlier);

        Assert.Equal([("best_accuracy", true), ("seconds", false)], numbers.Select(number => (number.Metric, number.Outside)));
        Assert.Equal(-0.1, numbers[0].Change!.Value, 12);
        Assert.Equal(3, numbers[0].Interval!.Runs);

        var first = RunComparison.Compare(Run(0.7, 1), []);
        Assert.All(first, number => Assert.True(number is { Change: null, Interval: null, Outside: false }));

        static IReadOnlyDictionary<Measure, double> Run(double accuracy, double seconds) => RunComparison.Headline(null, accuracy, null, seconds);
    }

    [Fact]
    public void Compare_OfABenchmark_GoesRowByRow()
    {
        var numbers = RunComparison.Compare(
            Both(0.70, 0.90), [Both(0.80, 0.90), Both(0.81, 0.91), RunComparison.Headline("kd", 0.82, null, null)]);

        Assert.Equal([("kd", true), ("none", false)], numbers.Select(number => (number.Row!, number.Outside)));
        Assert.Equal([3, null], numbers.Select(number => number.Interval?.Runs));
        Assert.Equal([-0.1, 0], numbers.Select(number => Math.Round(number.Change!.Value, 9)));

        static Dictionary<Measure, double> Both(double kd, double none) => new(RunComparison.Headline("kd", kd, null, null).Concat(RunComparison.Headline("none", none, null, null)));
    }

    [Fact]
    public void Markdown_ShowsEveryRunChangesAndFlags()
    {
        var schedule = new ScheduleView
        {
            Id = "01jtqv8k3m5x7r9w2y4z6a8c0e",
            Name = "a|b",
            Cron = "0 3 * * *",
            CronForm = CronForm.Crontab,
            TimeZone = "UTC",
            Overlap = Overlap.Skip,
            Paused = false,
            VarySeed = true,
            CreatedAt = DateTimeOffset.UnixEpoch,
            NextRuns = [],
        };
        var numbers = new RunNumber { Metric = "best_accuracy", Value = 0.7, Change = -0.1, Row = "kd | none", Outside = true };
        var text = RunsMarkdown.Write(schedule, new ScheduleRunsView(
        [
            new ScheduleRunView { Number = 2, Manual = true, ScheduledAt = DateTimeOffset.UnixEpoch, Status = ScheduleRunStatus.Skipped, Reason = "run 1 is live" },
            new ScheduleRunView { Number = 1, Manual = false, ScheduledAt = DateTimeOffset.UnixEpoch, Status = ScheduleRunStatus.Succeeded, Benchmark = "b", Numbers = [numbers] },
        ], null, PredictionInterval.Basis));

        Assert.Contains("# Runs of a\\|b", text, StringComparison.Ordinal);
        Assert.Contains("| 2 | 1970-01-01 00:00:00Z by hand | skipped | - | - | - | run 1 is live |", text, StringComparison.Ordinal);
        Assert.Contains("| 1 | 1970-01-01 00:00:00Z | succeeded | b | kd \\| none | **0.7** (-0.1) |  |", text, StringComparison.Ordinal);
        Assert.Contains("t(0.975, n-1)", text, StringComparison.Ordinal);
    }
}
