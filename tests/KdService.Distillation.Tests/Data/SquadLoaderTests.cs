using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Distillation.Data;
using KdService.Distillation.Evaluation;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Data;

public sealed class SquadLoaderTests
{
    [Theory]
    [InlineData(SquadVersion.V1)]
    [InlineData(SquadVersion.V2)]
    public void Squad_IsTrainedOnAndJudged_ByAllWindows(SquadVersion version)
    {
        using var folder = new TemporaryFolder();
        var (train, test) = Load(SquadTexts.Write(folder.Path, version), folder.Path);
        var all = Enumerable.Range(0, 160).Select(question => train.SamplesOf([question])).ToArray();
        Assert.Equal(160, train.Questions);
        Assert.Equal(Enumerable.Range(0, train.Count), all.SelectMany(samples => samples));
        Assert.Contains(all, samples => samples.Length > 1);
        Assert.True(train.Windows is [] && test.Windows.Count == 40 && test.Count > 40, $"{test.Count} windows");
        Assert.Equal(test.Count, test.Windows.Sum(windows => windows.Count));
        // Where there is an answer, some window has all of it; a window that has not points at the start token, in either version.
        Assert.All(all.Index(), question => Assert.Equal(version == SquadVersion.V1 || question.Index % 4 != 3, question.Item.Any(sample => train.Spans![sample].First > 0)));
        Assert.Contains(all, samples => samples.Any(sample => train.Spans![sample].First > 0) && samples.Any(sample => train.Spans![sample] == (0, 0)));
        var held = train.ToJudgeBy([3, 5]);
        Assert.Equal(["q3", "q5"], held.Windows.Select(windows => windows[0].Question.Id));
        Assert.Equal([.. all[3], .. all[5]], train.SamplesOf([3, 5]));
        Assert.Equal(train.SamplesOf([3, 5]).Select(sample => train.Spans![sample]), held.Spans!);
    }

    [Theory]
    [InlineData(SquadVersion.V1)]
    [InlineData(SquadVersion.V2)]
    public void Answers_OfLogitsThatPointAtTheSpans_AreAllRight(SquadVersion version)
    {
        using var folder = new TemporaryFolder();
        var test = Load(SquadTexts.Write(folder.Path, version), folder.Path).Test;
        using var scope = NewDisposeScope();
        var result = SpanEvaluator.Evaluate(test, Pointing(test), teacherLogits: Pointing(test));
        Assert.Equal((40, 1, 1, 1), (result.Samples, result.Score, result.Metrics!["exact"], result.Agreement));
        string[] second = ["answerable_exact", "answerable_f1", "impossible_exact", "impossible_f1", "best_exact", "best_f1"];
        Assert.All(second, name => Assert.Equal(version == SquadVersion.V2 ? 1 : null, result.Metrics.TryGetValue(name, out var value) ? value : (double?)null));
        Assert.Equal(version == SquadVersion.V2, result.Metrics.ContainsKey("best_exact_threshold") && result.Metrics.ContainsKey("best_f1_threshold"));
        Assert.Equal(FailureCode.Diverged, Assert.Throws<RunException>(() => SpanEvaluator.Answers(test, Pointing(test) * float.NaN)).Code);
    }

    [TextDataFact]
    public void RealSquad_WithLogitsThatPointAtTheSpans_IsAnsweredRight()
    {
        var squad = new Squad { Train = "squad/train-v1.1.reconstructed.json", TrainQuestions = 10, Test = "squad/dev-v1.1.reconstructed.json", TestQuestions = 500 };
        var test = Load(squad, TextDataFactAttribute.Root!).Test;
        using var scope = NewDisposeScope();
        // Pieces of a word answer for the whole of it, and the longest answers are not given.
        Assert.InRange(SpanEvaluator.Evaluate(test, Pointing(test), null).Score, 0.97, 1);
    }

    [Fact]
    public void Squad_ThatIsNotAsTheSpecSays_SaysWhatIsThere()
    {
        using var folder = new TemporaryFolder();
        var squad = SquadTexts.Write(folder.Path, SquadVersion.V2);
        Complains(FailureCode.DataMissing, "other.json", squad with { Train = "squad/other.json" });
        Complains(FailureCode.DataCorrupt, "squad/train.json: 160 questions found that can be used; the spec asks for 161 (train_questions)", squad with { TrainQuestions = 161 });
        var path = Path.Combine(folder.Path, "squad", "train.json");
        var whole = File.ReadAllText(path);
        File.WriteAllText(path, new System.Text.RegularExpressions.Regex("\"answer_start\":[0-9]+").Replace(whole, "\"answer_start\":999", 1));
        Complains(FailureCode.DataCorrupt, "squad/train.json: 159 questions found that can be used of 160; left out are those whose first answer is not where answer_start says: q0; the spec asks for 160 (train_questions)", squad);
        File.WriteAllText(path, whole);
        Complains(FailureCode.DataCorrupt, "question q3 has no answer; in version v1 each has one", squad with { Version = SquadVersion.V1 });

        void Complains(FailureCode code, string message, Squad wrong)
        {
            var error = Assert.Throws<RunException>(() => Load(wrong, folder.Path));
            Assert.Equal(code, error.Code);
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
        }
    }

    private static (SpanSet Train, SpanSet Test) Load(Squad squad, string folder)
    {
        var (train, test) = DatasetLoader.Load(squad, folder);
        return ((SpanSet)train, (SpanSet)test);
    }

    // [windows, 2 * length]
    private static Tensor Pointing(SpanSet set)
    {
        var logits = new float[set.Count, 2 * set.Shape.Width];
        foreach (var (window, (first, last)) in set.Spans!.Index()) logits[window, first] = logits[window, set.Shape.Width + last] = 10;
        return tensor(logits);
    }
}
