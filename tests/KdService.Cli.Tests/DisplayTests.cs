using KdService.Cli.Display;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Wire;
using Spectre.Console;
using Spectre.Console.Rendering;
using Progress = KdService.Core.Runs.Progress;

namespace KdService.Cli.Tests;

public sealed class DisplayTests
{
    private static readonly ProgressRow HalfDone = new()
    {
        Key = "1",
        Title = "plane2 by [kd]",
        State = JobState.Running,
        Progress = new Progress { Stage = "distil", Epoch = 3, Epochs = 6, Step = 90, Steps = 180, Fraction = 0.5, SecondsLeft = 80.4 },
        Score = new SelectionScore(ScoreMetric.Accuracy, 0.6125),
    };

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(59.6, "1 min 0 s")]
    [InlineData(80, "1 min 20 s")]
    [InlineData(7500, "2 h 5 min")]
    [InlineData(100_000, "1 d 3 h")]
    public void Duration_IsWrittenInTheTwoLargestUnits(double seconds, string words) => Assert.Equal(words, Units.Duration(seconds));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1536, "1.5 KB")]
    [InlineData(312_000, "305 KB")]
    [InlineData(5_000_000_000, "4.7 GB")]
    public void Bytes_AreWrittenInPowersOf1024(long bytes, string words) => Assert.Equal(words, Units.Bytes(bytes));

    [Fact]
    public void ProgressTable_OfARunningJob_ShowsEpochScoreAndTimeLeft()
    {
        var line = Render(ProgressTable.Of([HalfDone], unicode: false, width: 160)).Split('\n')[1];

        Assert.Contains("plane2 by [kd]", line, StringComparison.Ordinal);
        Assert.Contains("############------------", line, StringComparison.Ordinal);
        Assert.Contains("50 %", line, StringComparison.Ordinal);
        Assert.Contains("distil 3/6", line, StringComparison.Ordinal);
        Assert.Contains("61.3 %", line, StringComparison.Ordinal);
        Assert.Contains("1 min 20 s", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(100)]
    public void ProgressTable_OnANarrowTerminal_KeepsEveryRowOnOneLine(int width)
    {
        var rows = new[]
        {
            HalfDone with { Title = "plane2 by annealing_kd" },
            HalfDone with { State = JobState.Waiting, Score = new SelectionScore(ScoreMetric.Matthews, -0.125) },
            HalfDone with { Progress = HalfDone.Progress! with { Activity = "teacher logits, view 2 of 4" } },
        };

        var lines = Render(ProgressTable.Of(rows, unicode: true, width), width).TrimEnd().Split('\n');

        Assert.Equal(4, lines.Length);
        Assert.Contains("1 min 20 s", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProgressDisplay_WithoutATerminal_PrintsALinePerEpochAndState()
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Interactive = InteractionSupport.No, Ansi = AnsiSupport.No });

        await ProgressDisplay.During(console, display =>
        {
            display.Show(HalfDone with { State = JobState.Queued, Progress = null, Score = null });
            display.Show(HalfDone);
            display.Show(HalfDone with { Progress = HalfDone.Progress! with { Step = 91 } });
            display.Show(HalfDone with { Progress = HalfDone.Progress! with { Step = 121, Epoch = 4 } });
            display.Show(HalfDone with { State = JobState.Succeeded });
            return Task.FromResult(0);
        });

        var lines = text.ToString().TrimEnd().Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.EndsWith("plane2 by [kd]: queued", lines[0].TrimEnd(), StringComparison.Ordinal);
        Assert.EndsWith("plane2 by [kd]: distil 3/6 (50 %), score 61.3 %, 1 min 20 s left", lines[1].TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void ResultsTable_ShowsTheJobsOwnNetworkLastAndBest()
    {
        var teacher = Model("resnet20", ModelRole.Teacher, 272_474, null, 0.8);
        var student = Model("plane2", ModelRole.Student, 13_098, 0.651, 0.664) with { Best = Evaluation(0.664) with { Agreement = 0.7 } };

        var row = Render(ResultsTable.Of([new Result("kd", Report(teacher, student))])).Split('\n')[3];

        Assert.Equal(["plane2", "kd", "13,098", "65.1 %", "66.4 %", "70.0 %", "1 min 5 s"], row.Trim().Trim('│').Split('│').Select(cell => cell.Trim()));
    }

    [Fact]
    public void ResultsTable_OfAnotherMetricThanAccuracy_NamesIt()
    {
        var result = Evaluation(0.7) with { Metric = ScoreMetric.Matthews, Metrics = new Dictionary<string, double> { ["matthews"] = 0.25 } };
        var lines = Render(ResultsTable.Of([new Result("kd", Report(Model("bert-tiny", ModelRole.Student, 1, null, 0.7) with { Best = result }))])).Split('\n');
        Assert.Contains("│ last matthews │ best matthews │", lines[1], StringComparison.Ordinal);
        Assert.Contains("25.0 %", lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public void ResultsTable_OfAnotherMetricThanAccuracy_SaysWhatTrialsAreMeasuredBy()
    {
        var result = Evaluation(0.7) with { Metric = ScoreMetric.Matthews, Metrics = new Dictionary<string, double> { ["matthews"] = 0 } };
        var model = Model("bert-tiny", ModelRole.Student, 1, null, 0.7) with { Best = result, Robustness = new RobustnessReport { AlsoOn = [new OtherDataReport { Dataset = "cr", Result = Evaluation(0.5) }] } };
        Assert.Contains("│ on cr (accuracy) │", Render(ResultsTable.Of([new Result("kd", Report(model))])).Split('\n')[1], StringComparison.Ordinal);
    }

    [Fact]
    public void JobsTable_ShowsWhatAJobsOwnNetworkIsJudgedBy()
    {
        var job = Json.Read<JobView>(StandInService.Job(StandInService.NewId(), JobState.Running));
        var lines = Render(JobsTable.Of(
        [
            job with { Metrics = new Dictionary<string, double> { ["selection/pearson"] = 0.8714, ["score/pearson"] = 0.8714 } },
            job with { Metrics = new Dictionary<string, double> { ["selection/accuracy"] = 0.61, ["score/accuracy"] = 0.61 } },
            // Its assistant is being trained.
            job with { Metrics = new Dictionary<string, double> { ["selection/accuracy"] = 0.61 } },
        ], job.CreatedAt)).Split('\n');

        Assert.Contains("selection score", lines[0], StringComparison.Ordinal);
        Assert.Contains(" 0.871 pearson ", lines[1], StringComparison.Ordinal);
        Assert.Contains(" 61.0 % ", lines[2], StringComparison.Ordinal);
        Assert.Matches(@"\d %\s+-\s", lines[3]);
    }

    [Fact]
    public void BenchmarkTable_OfAnotherMetricThanAccuracy_NamesIt()
    {
        var benchmark = BenchmarkCommandTests.Benchmark(JobState.Succeeded);
        Assert.Matches("│ last % │ +best % │", Render(BenchmarkTables.Of(benchmark)).Split('\n')[1]);
        benchmark = benchmark with { Rows = [benchmark.Rows![0] with { Metric = ScoreMetric.Pearson }] };
        Assert.Contains("│ last pearson % │ best pearson % │", Render(BenchmarkTables.Of(benchmark)).Split('\n')[1], StringComparison.Ordinal);
    }

    [Fact]
    public void ResultsTable_HasAColumnForEachTrialOfRobustness()
    {
        var plain = Model("plane2", ModelRole.Student, 13_098, 0.651, 0.664);
        var tried = plain with { Robustness = new RobustnessReport { AlsoOn = [new OtherDataReport { Dataset = "cr", Result = Evaluation(0.5) }] } };

        var lines = Render(ResultsTable.Of([new Result("none", Report(plain)), new Result("kd", Report(tried))])).Split('\n');

        Assert.EndsWith("│  on cr │", lines[1].Trim(), StringComparison.Ordinal);
        Assert.EndsWith("│      - │", lines[3].Trim(), StringComparison.Ordinal);
        Assert.EndsWith("│ 50.0 % │", lines[4].Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public void Failure_IsPrintedWithItsAdviceAndItsLog()
    {
        using var text = new StringWriter();
        Problems.Write(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text) }), "plane2 by kd", new FailureView
        {
            Code = FailureCode.Diverged,
            Message = "the loss is not a number",
            Advice = FailureAdvice.For(FailureCode.Diverged),
            Step = 12,
            Log = ["[a line in brackets]"],
        });

        var lines = text.ToString().Split('\n');
        Assert.Equal("plane2 by kd failed (diverged at step 12): the loss is not a number", lines[0]);
        Assert.Equal($"what to do: {FailureAdvice.For(FailureCode.Diverged)}", lines[1]);
        Assert.Equal("  [a line in brackets]", lines[3]);
    }

    internal static RunReport Report(params ModelReport[] models) => new()
    {
        Protocol = Protocol.Holdout,
        Models = models,
        TeacherSignals = [],
        Environment = new TrainerEnvironment { LibTorch = "1.13.1", Device = "cpu", Blas = "openblas", CpuCapability = "AVX2", Threads = 1, Trainer = "0.1.0" },
        Steps = 180,
        Seconds = 65,
        PeakMemoryBytes = 1,
    };

    internal static ModelReport Model(string architecture, ModelRole role, long parameters, double? last, double best) => new()
    {
        Id = Json.Naming.ConvertName(role.ToString()),
        Role = role,
        Architecture = architecture,
        Parameters = parameters,
        Last = last is { } accuracy ? Evaluation(accuracy) : null,
        Best = Evaluation(best),
    };

    private static EvaluationResult Evaluation(double accuracy) => new() { Samples = 1000, Accuracy = accuracy, Nll = 1, Ece = 0.1 };

    private static string Render(IRenderable table, int width = 160)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
        console.Profile.Width = width;
        console.Profile.Capabilities.Unicode = true;
        console.Write(table);
        return text.ToString();
    }
}
