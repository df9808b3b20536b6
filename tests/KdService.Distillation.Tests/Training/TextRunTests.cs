using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.LibTorch.Extras;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Training;

public sealed class TextRunTests
{
    [Fact]
    public void Student_OfPhrases_LearnsFromATeacherThatRunsOnceOverThem()
    {
        using var folder = new TemporaryFolder();
        // Guessing would be right about one in three.
        var teacher = Report(new None(), "bert-l1-h128", folder.Path, epochs: 6);
        Assert.InRange(teacher.Models[^1].Best.Accuracy!.Value, 0.5, 1);
        File.Copy(Path.Combine(folder.Path, "student.best.safetensors"), Path.Combine(folder.Path, "teacher.safetensors"));
        var report = Report(new AnnealingKd { MaxTemperature = 3 }, "bert-l1-h64", folder.Path, epochs: 6);
        Assert.InRange(report.Models[^1].Best.Accuracy!.Value, 0.45, 1);
        Assert.Equal(1, Assert.Single(report.TeacherSignals).PassesMade);
    }

    public static TheoryData<Method> OfTexts { get; } = new(
        new Kd(), new AnnealingKd { MaxTemperature = 1 }, new BackwardKd(), new Pkd(), new TinyBert(), new MateKd(), new CombinedKd { MaxTemperature = 1 });

    [Theory]
    [MemberData(nameof(OfTexts))]
    public void Run_InBf16_IsInWhatTheDeviceIsMadeFor_AsTheReportSays(Method method)
    {
        using var folder = new TemporaryFolder();
        var plan = RecordedRun.Plan(method, epochs: 2, new AdamW(), spec => spec with
        {
            Dataset = new Phrases { Samples = 200, TestSamples = 60, Words = 6 },
            Teacher = new TeacherSpec { Model = "bert-l3-h64" },
            Student = new StudentSpec { Model = "bert-l2-h64" },
            Training = spec.Training with { Precision = Precision.Bf16 },
            Evaluation = spec.Evaluation with { Latency = true },
        });
        RunReport? report = null;
        Assert.True(RecordedRun.Of(plan, folder.Path, happened => report = (happened as RunFinished)?.Report ?? report));
        Assert.Equal(Autocast.IsWorthwhile(CPU) ? Precision.Bf16 : Precision.Fp32, report!.Precision);
        Assert.InRange(report.Models[^1].Best.Nll!.Value, 0, 3);
    }

    [Theory]
    [InlineData("sst2-like", false)]
    [InlineData("stsb-like", true)]
    public void Student_OfTablesOfTheUsersOwn_IsJudgedByTheirMetric(string name, bool values)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, name));
        foreach (var (part, count) in new[] { ("train", 120), ("test", 40) })
        {
            File.WriteAllLines(Path.Combine(folder.Path, name, $"{part}.tsv"),
                ["text\tlabel", .. Enumerable.Range(0, count).Select(i => $"{(i % 2 == 0 ? PhraseWords.Praising : PhraseWords.Blaming)[i % 60]}\t{(values ? $"{i % 2}.5" : i % 2 == 0 ? "good" : "bad")}")]);
        }
        var plan = RecordedRun.Plan(new Kd(), epochs: 3, new AdamW(), spec => spec with
        {
            Dataset = new TextFiles
            {
                Vocabulary = "phrases",
                Train = $"{name}/train.tsv",
                Test = $"{name}/test.tsv",
                TrainRows = 120,
                TestRows = 40,
                MaxLength = 8,
                Labels = values ? [] : ["bad", "good"],
                JudgedBy = values ? null : ScoreMetric.Matthews,
            },
            Teacher = new TeacherSpec { Model = "bert-l1-h64" },
            Student = new StudentSpec { Model = "distilbert-l1-h64" },
        });
        RunReport? report = null;
        var series = new HashSet<string>();
        Assert.True(RecordedRun.Of(plan, folder.Path, happened =>
        {
            report = (happened as RunFinished)?.Report ?? report;
            if (happened is MetricsMeasured measured) series.UnionWith(measured.Values.Keys);
        }));
        Assert.Equal([values ? "score/pearson" : "score/matthews"], series.Where(name => name.StartsWith("score/", StringComparison.Ordinal)));
        var best = report!.Models[^1].Best;
        Assert.Equal(values ? ScoreMetric.Pearson : ScoreMetric.Matthews, best.Metric);
        Assert.InRange(best.Score, -1, 1);
        Assert.Equal(values, best.Accuracy is null);
        Assert.Equal(values ? ["pearson", "spearman", "combined", "mse", "teacher_mse"] : ["matthews"], best.Metrics!.Keys);

        var said = File.ReadAllText(Path.Combine(folder.Path, values ? PredictedValues.FileName : Predictions.FileName));
        if (!values)
        {
            Assert.Equal(Enumerable.Range(0, 40).Select(i => 1 - i % 2), Json.Read<Predictions>(said).Labels);
            return;
        }
        var predicted = Json.Read<PredictedValues>(said);
        Assert.Equal(Enumerable.Range(0, 40).Select(i => i % 2 + 0.5f), predicted.Values);
        Assert.Equal(best.Metrics["mse"], predicted.Best.Zip(predicted.Values, (given, right) => Math.Pow(given - right, 2)).Average(), 1e-6);
    }

    [Fact]
    public void Generator_ThatLearnsTheTexts_HasSeriesOfItsOwn()
    {
        using var folder = new TemporaryFolder();
        var plan = RecordedRun.Plan(new MateKd { GeneratorBatches = 1 }, epochs: 1, new AdamW(), spec => spec with
        {
            Dataset = new Phrases { Samples = 100, TestSamples = 30, Words = 6 },
            Teacher = new TeacherSpec { Model = "bert-l1-h64" },
            Student = new StudentSpec { Model = "bert-l1-h64" },
        });
        var stages = new Dictionary<string, HashSet<string>>();
        Assert.True(RecordedRun.Of(plan, folder.Path, happened =>
        {
            if (happened is not MetricsMeasured measured) return;
            if (!stages.TryGetValue(measured.Stage, out var series)) stages[measured.Stage] = series = [];
            series.UnionWith(measured.Values.Keys.Where(name => !name.StartsWith("train/", StringComparison.Ordinal)));
        }));
        Assert.Equal(["generator", "distil"], stages.Keys);
        Assert.Equal(["hidden_tokens/accuracy", "hidden_tokens/nll"], stages["generator"]);
        Assert.Equal(["selection/accuracy", "selection/nll", "selection/agreement", "score/accuracy"], stages["distil"]);
    }

    private static RunReport Report(Method method, string student, string folder, int epochs)
    {
        var plan = RecordedRun.Plan(method, epochs, new AdamW { LearningRate = 5e-4 }, spec => spec with
        {
            Dataset = new Phrases { Samples = 2500, TestSamples = 300, Words = 6 },
            Teacher = method.NeedsTeacher ? new TeacherSpec { Model = "bert-l1-h128" } : null,
            Student = new StudentSpec { Model = student },
        });
        RunReport? report = null;
        Assert.True(RecordedRun.Of(plan, folder, happened => report = (happened as RunFinished)?.Report ?? report));
        return report!;
    }
}
