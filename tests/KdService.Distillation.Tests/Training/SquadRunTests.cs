using System.Text.Json;
using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Specs;
using KdService.Distillation.Data;

namespace KdService.Distillation.Tests.Training;

public sealed class SquadRunTests
{
    [Theory]
    [InlineData(SquadVersion.V1)]
    [InlineData(SquadVersion.V2)]
    public void Student_OfQuestions_LearnsToAnswerFromATeacherThatRunsOnceOverThem(SquadVersion version)
    {
        using var folder = new TemporaryFolder();
        var squad = SquadTexts.Write(folder.Path, version, train: 1200);
        // Guessing one of about fifteen words would seldom be right.
        var teacher = Report(new None(), squad, "bert-l1-h128", folder.Path, epochs: 6);
        Assert.InRange(teacher.Models[^1].Best.Score, 0.4, 1);
        File.Copy(Path.Combine(folder.Path, "student.best.safetensors"), Path.Combine(folder.Path, "teacher.safetensors"));
        var report = Report(new AnnealingKd { MaxTemperature = 3 }, squad, "bert-l1-h64", folder.Path, epochs: 6);
        var best = report.Models[^1].Best;
        Assert.InRange(best.Score, 0.3, 1);
        Assert.Equal((ScoreMetric.F1, 40, null), (best.Metric, best.Samples, best.Accuracy));
        Assert.InRange(best.Metrics!["exact"], 0, best.Score);
        Assert.InRange(best.Agreement!.Value, 0, 1);
        Assert.Equal(1, Assert.Single(report.TeacherSignals).PassesMade);

        var answers = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(Path.Combine(folder.Path, Predictions.AnswersName)))!;
        Assert.Equal(Enumerable.Range(1200, 40).Select(number => $"q{number}"), answers.Keys);
        Assert.Equal(version == SquadVersion.V2, File.Exists(Path.Combine(folder.Path, Predictions.NullOddsName)));
        var candidates = JsonElement.Parse(File.ReadAllText(Path.Combine(folder.Path, Predictions.CandidatesName)));
        Assert.Equal(answers.Keys, candidates.EnumerateObject().Select(question => question.Name));
        Assert.All(candidates.EnumerateObject(), question => Assert.Equal(1, question.Value.EnumerateArray().Sum(candidate => candidate.GetProperty("probability").GetDouble()), 1e-6));
        if (version == SquadVersion.V1) Assert.Equal(answers.Values, candidates.EnumerateObject().Select(question => question.Value[0].GetProperty("text").GetString()));
    }

    [Fact]
    public void Epochs_ShowEveryWindowOnce_AlsoAcrossAStop()
    {
        using var folder = new TemporaryFolder();
        var squad = SquadTexts.Write(folder.Path);
        var plan = SquadPlan(new Kd(), squad, "bert-l1-h64", epochs: 2);
        // Questions are kept aside with all of their windows.
        var train = (SpanSet)DatasetLoader.Load(squad, folder.Path).Train;
        var windows = train.SamplesOf(Holdout.Split(Plan.DataSeed, 160, 16).Train).Length;
        var steps = (windows + 15) / 16;
        Assert.True(windows > 144 * 1.2, $"{windows} windows");

        var whole = Run(null, default);
        Assert.Equal(2 * steps, whole.Report!.Steps);
        Assert.All(whole.Started, started => Assert.Equal(steps, started.StepsPerEpoch));
        Assert.All(whole.Report.TeacherSignals, signal => Assert.Equal(1, signal.PassesMade));

        using var stop = new CancellationTokenSource();
        var (resume, told) = ("", 0L);
        Assert.False(RecordedRun.Of(plan, folder.Path, happened =>
        {
            if (happened is MetricsMeasured { Step: var step } && step >= steps) stop.Cancel();
            if (happened is CheckpointWritten { Kind: CheckpointKind.Resume } written) (resume, told) = (written.Path, written.Step);
        }, stop: stop.Token));
        var rest = Run(resume, default);
        Assert.Equal((told, 2 * steps, whole.Report.Models[^1].Best.Score), (rest.ResumedAt, rest.Report!.Steps, rest.Report.Models[^1].Best.Score));

        // Other questions in the file's place.
        SquadTexts.Write(folder.Path, test: 160);
        File.Copy(Path.Combine(folder.Path, "squad/test.json"), Path.Combine(folder.Path, "squad/train.json"), overwrite: true);
        Assert.Contains("when the checkpoint was written", Assert.Throws<RunException>(() => Run(resume, default)).Message, StringComparison.Ordinal);

        (RunReport? Report, List<StageStarted> Started, long? ResumedAt) Run(string? from, CancellationToken cancelled)
        {
            var (report, started, at) = ((RunReport?)null, new List<StageStarted>(), (long?)null);
            Assert.True(RecordedRun.Of(plan, folder.Path, happened =>
            {
                if (happened is RunFinished finished) report = finished.Report;
                if (happened is StageStarted stage) started.Add(stage);
                if (happened is RunStarted run) at = run.ResumedAtStep;
            }, from, stop: cancelled));
            return (report, started, at);
        }
    }

    [Fact]
    public void OtherQuestions_AreAnsweredWithAllTheirWindows()
    {
        using var folder = new TemporaryFolder();
        var squad = SquadTexts.Write(folder.Path);
        var same = squad with { Train = null, TrainQuestions = null };
        var plan = SquadPlan(new Kd(), squad, "bert-l1-h64", epochs: 1);
        plan = plan with { Evaluation = plan.Evaluation with { AlsoOn = [new() { Dataset = same }, new() { Dataset = same with { TestQuestions = 20 }, Samples = 5 }] } };
        RunReport? report = null;
        Assert.True(RecordedRun.Of(plan, folder.Path, happened => report = (happened as RunFinished)?.Report ?? report));

        var (test, others) = (report!.Models[^1].Best, report.Models[^1].Robustness!.AlsoOn);
        Assert.Equal(["squad squad/test.json", "squad squad/test.json"], others.Select(other => other.Dataset));
        Assert.Equal((test.Samples, test.Score, test.Metrics!["exact"], test.Agreement), (others[0].Result.Samples, others[0].Result.Score, others[0].Result.Metrics!["exact"], others[0].Result.Agreement));
        Assert.Equal(5, others[1].Result.Samples);
        Assert.All(others, other => Assert.InRange(other.Teacher!.Score, 0, 1));
    }

    [Fact]
    public void KeptLogits_OfSpans_TeachAsTheTeacherItselfDoes()
    {
        using var folder = new TemporaryFolder();
        var squad = SquadTexts.Write(folder.Path);
        Plan Plan(TeacherSignal signal) => SquadPlan(new Kd(), squad, "bert-l1-h64", epochs: 1) with { TeacherSignal = signal };
        Assert.Equal(FinalLoss(Plan(TeacherSignal.Live)), FinalLoss(Plan(TeacherSignal.Cached)), 1e-5);

        double FinalLoss(Plan plan)
        {
            var loss = double.NaN;
            Assert.True(RecordedRun.Of(plan, folder.Path, happened =>
            {
                if (happened is MetricsMeasured measured) loss = measured.Values["train/loss"];
            }));
            return loss;
        }
    }

    /// <summary>A plan on questions with the smallest networks.</summary>
    internal static Plan SquadPlan(Method method, Squad squad, string student, int epochs) => RecordedRun.Plan(method, epochs, new AdamW { LearningRate = 1e-3 }, spec => spec with
    {
        Dataset = squad,
        Teacher = method.NeedsTeacher ? new TeacherSpec { Model = "bert-l1-h128" } : null,
        Student = new StudentSpec { Model = student },
    });

    private static RunReport Report(Method method, Squad squad, string student, string folder, int epochs)
    {
        RunReport? report = null;
        Assert.True(RecordedRun.Of(SquadPlan(method, squad, student, epochs), folder, happened => report = (happened as RunFinished)?.Report ?? report));
        return report!;
    }
}
