using System.Text.Json;
using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Specs;

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
