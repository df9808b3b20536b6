using System.Globalization;
using System.Text.Json;
using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Plans.Robustness;
using KdService.Core.Runs;
using KdService.Core.Specs;
using KdService.Distillation.Training;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Training;

/// <summary>Jobs on files in the original forms, with the published numbers of examples and short texts of no meaning.</summary>
public sealed class GlueRunTests
{
    [Fact]
    public void Submission_HasTheStudentsAnswersToTheTestPart()
    {
        using var folder = new TemporaryFolder();
        Write(folder.Path, "WNLI/train.tsv", 635, "index\tsentence1\tsentence2\tlabel", row => $"{row}\t{Words(row)}\t{Words(row + 7)}\t{row % 2}");
        Write(folder.Path, "WNLI/dev.tsv", 71, "index\tsentence1\tsentence2\tlabel", row => $"{row}\t{Words(5000 + row)}\t{Words(row)}\t{row % 2}");
        // Its first texts are those of the development set, and its numbers are its own.
        Write(folder.Path, "WNLI/test.tsv", 146, "index\tsentence1\tsentence2", row => $"{1000 + row}\t{Words(5000 + row)}\t{Words(row)}");
        var (report, artifacts) = Run(GluePlan(GlueTask.Wnli, submission: true), folder.Path);
        Assert.Contains("WNLI.tsv", artifacts);
        var lines = File.ReadAllLines(Path.Combine(folder.Path, "WNLI.tsv"));
        Assert.Equal((147, "index\tprediction", "1000", "1145"), (lines.Length, lines[0], lines[1].Split('\t')[0], lines[^1].Split('\t')[0]));
        var best = JsonElement.Parse(File.ReadAllText(Path.Combine(folder.Path, Predictions.FileName))).GetProperty("best").EnumerateArray().Select(label => label.GetRawText());
        Assert.Equal(best, lines[1..72].Select(line => line.Split('\t')[1]));
        Assert.Null(report.Models[^1].Robustness);
    }

    [Fact]
    public void Submission_OfScores_KeepsTheirRange_AndWithoutATestPartThereIsNone()
    {
        using var folder = new TemporaryFolder();
        const string Header = "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2";
        string Row(int row) => $"{row}\tg\tf\ty\t1\ts\ts\t{Words(row)}\t{Words(row + 3)}";
        Write(folder.Path, "STS-B/train.tsv", 5749, Header + "\tscore", row => $"{Row(row)}\t{row % 11 / 2.0:F3}");
        Write(folder.Path, "STS-B/dev.tsv", 1500, Header + "\tscore", row => $"{Row(row)}\t{row % 11 / 2.0:F3}");
        var plan = GluePlan(GlueTask.Stsb, submission: true);
        Assert.Equal(["no STS-B.tsv: glue/STS-B/test.tsv is missing from the data root"], new TrainingData(plan, plan.Dataset, folder.Path, CPU).LeftOut);
        Assert.DoesNotContain("STS-B.tsv", Run(plan, folder.Path).Artifacts);
        Write(folder.Path, "STS-B/test.tsv", 1379, Header, Row);
        Assert.Contains("STS-B.tsv", Run(plan, folder.Path).Artifacts);
        Assert.All(File.ReadLines(Path.Combine(folder.Path, "STS-B.tsv")).Skip(1).Select(line => double.Parse(line.Split('\t')[1], CultureInfo.InvariantCulture)), score => Assert.InRange(score, 0, 5));
        // A test part that is not what it should be is said before anything is trained.
        Write(folder.Path, "STS-B/test.tsv", 1378, Header, Row);
        Assert.Contains("1378 examples given; STS-B has 1379 here", Assert.Throws<RunException>(() => Run(plan, folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mnli_IsEvaluatedOnBothDevelopmentSets_AndAnswersAllItsTestParts()
    {
        using var folder = new TemporaryFolder();
        string[] labels = ["contradiction", "neutral", "entailment"];
        const string Header = "index\tsentence1\tsentence2";
        Write(folder.Path, "MNLI/train.tsv", 392_702, Header + "\tgold_label", row => $"{row}\t{Words(row)}\t{Words(row % 50)}\t{labels[row % 3]}");
        Write(folder.Path, "MNLI/dev_matched.tsv", 9815, Header + "\tgold_label", row => $"{row}\t{Words(row)}\t{Words(row % 50)}\t{labels[row % 3]}");
        var plan = GluePlan(GlueTask.Mnli, submission: true);
        Assert.Equal(
            [
                "no evaluation on glue mnli_mm: glue/MNLI/dev_mismatched.tsv is missing from the data root", "no MNLI-m.tsv: glue/MNLI/test_matched.tsv is missing from the data root",
                "no MNLI-mm.tsv: glue/MNLI/test_mismatched.tsv is missing from the data root", "no AX.tsv: glue/diagnostic/diagnostic.tsv is missing from the data root",
            ],
            new TrainingData(plan, plan.Dataset, folder.Path, CPU).LeftOut);

        Write(folder.Path, "MNLI/dev_mismatched.tsv", 9832, Header + "\tgold_label", row => $"{row}\t{Words(row)}\t{Words(row % 50)}\t{labels[row % 3]}");
        Write(folder.Path, "MNLI/test_matched.tsv", 9796, Header, row => $"{row}\t{Words(row)}\t{Words(row % 50)}");
        Write(folder.Path, "MNLI/test_mismatched.tsv", 9847, Header, row => $"{row}\t{Words(row)}\t{Words(row % 50)}");
        Write(folder.Path, "diagnostic/diagnostic.tsv", 1104, Header, row => $"{row}\t{Words(row)}\t{Words(row % 50)}");
        Write(folder.Path, "diagnostic/diagnostic-full.tsv", 1104, "Domain\tPremise\tHypothesis\tLabel", row => $"News\t{Words(row)}\t{Words(row % 50)}\t{labels[row % 3]}");
        var (report, artifacts) = Run(plan with { Evaluation = plan.Evaluation with { AlsoOn = [.. plan.Evaluation.AlsoOn, new OtherData { Dataset = new Glue { Task = GlueTask.Ax } }] } }, folder.Path);
        var others = report.Models[^1].Robustness!.AlsoOn;
        Assert.Equal([("glue mnli_mm", 9832, ScoreMetric.Accuracy), ("glue ax", 1104, ScoreMetric.Matthews)], others.Select(other => (other.Dataset, other.Result.Samples, other.Result.Metric)));
        Assert.Equal(9815, report.Models[^1].Best.Samples);
        foreach (var (name, examples) in new[] { ("MNLI-m.tsv", 9796), ("MNLI-mm.tsv", 9847), ("AX.tsv", 1104) })
        {
            Assert.Contains(name, artifacts);
            var lines = File.ReadAllLines(Path.Combine(folder.Path, name));
            Assert.Equal(examples + 1, lines.Length);
            Assert.All(lines.Skip(1), line => Assert.Contains(line.Split('\t')[1], labels));
        }
    }

    private static Plan GluePlan(GlueTask task, bool submission) => RecordedRun.Plan(new None(), epochs: 1, new AdamW { LearningRate = 1e-3 }, spec => spec with
    {
        Dataset = new Glue { Task = task, Vocabulary = Vocabularies.Phrases.Name, MaxLength = 16, TrainLimit = 100 },
        Student = new StudentSpec { Model = "bert-l1-h64" },
        Evaluation = spec.Evaluation with { Submission = submission },
    });

    private static (RunReport Report, List<string> Artifacts) Run(Plan plan, string folder)
    {
        var (report, artifacts, fraction) = ((RunReport?)null, new List<string>(), 0.0);
        Assert.True(RecordedRun.Of(plan, folder, happened =>
        {
            if (happened is RunFinished finished) report = finished.Report;
            if (happened is ArtifactWritten written) artifacts.Add(written.Name);
            if (happened is ProgressMade made) fraction = made.Progress.Fraction;
        }));
        Assert.InRange(fraction, 0, 1);
        return (report!, artifacts);
    }

    private static string Words(int number) => string.Join(' ', Enumerable.Range(0, 2 + number % 3).Select(place => PhraseWords.Neutral[(number + 5 * place) % PhraseWords.Neutral.Count]));

    private static void Write(string folder, string name, int rows, string header, Func<int, string> row)
    {
        var path = Path.Combine(folder, "glue", name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllLines(path, Enumerable.Range(0, rows).Select(row).Prepend(header));
    }
}
