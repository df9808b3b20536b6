using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using KdService.Text.Metrics;
using KdService.Text.Tasks;
using KdService.Text.Tests.Tokenizers;
using KdService.Text.Tokenizers;

namespace KdService.Text.Tests.Tasks;

public class SquadTests
{
    private static readonly WordPieceTokenizer Letters = new(new Vocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "?", .. "abcdefghijklmnopqrstuvwxyz".Select(letter => letter.ToString())]));
    private static readonly SquadQuestion Alphabet = new("1", "q ?", "a b c d e f g h i j k l", [new("e f", 8)]);

    [Fact]
    public void Read_BothVersions_HaveTheirAnswersInUtf16()
    {
        using var folder = new TemporaryFolder();
        var questions = SquadFile.Read(folder.Write("dev.json", """
            {"version": "v2.0", "data": [{"title": "T", "paragraphs": [{"context": "\ud83d\ude00 One two.", "qas": [
              {"id": "a", "question": "What?", "answers": [{"text": "One", "answer_start": 2}, {"text": "two", "answer_start": 2}]},
              {"id": "b", "question": "Who?", "is_impossible": true, "answers": [], "plausible_answers": [{"text": "One", "answer_start": 2}]}]}]}]}
            """));
        Assert.Equal([new("One", 3), new("two", null)], questions[0].Answers);
        Assert.Equal((true, "Who?"), (questions[1].IsImpossible, questions[1].Question));
    }

    [Theory]
    [InlineData("{\"data\": [}", "not JSON")]
    [InlineData("{}", "/: there is no list 'data'")]
    [InlineData("{\"data\": []}", "there are no questions")]
    [InlineData("{\"data\": [{\"paragraphs\": [{\"qas\": []}]}]}", "/data/0/paragraphs/0: there is no text 'context'")]
    [InlineData("{\"data\": [{\"paragraphs\": [{\"context\": \"c\", \"qas\": [{\"id\": 1}]}]}]}", "/data/0/paragraphs/0/qas/0: there is no text 'id'")]
    [InlineData("{\"data\": [{\"paragraphs\": [{\"context\": \"c\", \"qas\": [{\"id\": \"1\", \"question\": \"q\", \"answers\": [{\"text\": \"c\"}]}]}]}]}", "/answers/0: 'answer_start' is missing")]
    public void Read_AFileThatIsWrong_SaysWhere(string content, string message)
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(message, Assert.Throws<TextDataException>(() => SquadFile.Read(folder.Write("f.json", content))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_HalfOfASurrogatePair_SaysWhere()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("dev.json", """{"data": [{"paragraphs": [{"context": "One two.", "qas": [{"id": "a", "question": "\ud800?", "answers": []}]}]}]}""");
        Assert.Contains("/data/0/paragraphs/0/qas/0/question: half of a surrogate pair", Assert.Throws<TextDataException>(() => SquadFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Windows_WithoutAllOfTheAnswer_PointAtTheStartToken()
    {
        // [CLS] q ? [SEP] and five letters a window, two letters on each time: "e f" is cut off by the first window and whole in the next two.
        var windows = new SquadWindows(Letters, MaxLength: 10, Step: 2, MaxQuestion: 2).Of(Alphabet);
        Assert.Equal([(0, 0), (6, 7), (4, 5), (0, 0), (0, 0)], windows.Select(window => (window.Start, window.End)));
        // Every letter is most in context in one window: a and b, which only the first has, in the first.
        Assert.Equal([4, 5, 6, 7], Enumerable.Range(0, 10).Where(at => windows[0].HasMostContext[at]));
        for (var letter = 0; letter < 12; letter++)
        {
            Assert.Single(windows.Index(), window => letter - 2 * window.Index is >= 0 and < 5 and var place && 4 + place < window.Item.Text.Length - 1 && window.Item.HasMostContext[4 + place]);
        }
        var none = new SquadWindows(Letters, MaxLength: 10, Step: 2).Of(Alphabet with { Answers = [] });
        Assert.All(none, window => Assert.Equal((0, 0), (window.Start, window.End)));
    }

    [Fact]
    public void Windows_OfAnyAnswerOfWholeWords_CoverItWhereTheyHaveIt() => Prop.ForAll(Gen.Choose(0, 25).ToArbitrary(), Gen.Choose(1, 6).ToArbitrary(), Gen.Choose(1, 12).ToArbitrary(), (first, length, step) =>
    {
        var context = string.Join(' ', Enumerable.Range(0, 32).Select(i => (char)('a' + i % 26)));
        var answer = new SquadAnswer(context.Substring(2 * first, 2 * length - 1), 2 * first);
        var windows = new SquadWindows(Letters, MaxLength: 15, Step: step).Of(new SquadQuestion("1", "q ?", context, [answer]));
        var found = windows.Where(window => window.End > 0).ToArray();
        Assert.All(found, window => Assert.Equal(answer.Text, context[window.Text.Offsets[window.Start].Start..window.Text.Offsets[window.End].End]));
        // A window that starts at the answer or up to ten letters before its end is there unless steps pass over it.
        if (step <= 10 - length + 1) Assert.NotEmpty(found);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Decode_TakesTheBestSpanThatMayBe()
    {
        var window = Assert.Single(new SquadWindows(Letters, MaxLength: 20).Of(Alphabet));
        var (start, end) = Logits(window);
        (start[0], end[0]) = (2, 2);
        // The question, an end before the start and an answer too long have more than "c d".
        (start[1], end[2], start[6], end[7], end[4], end[15]) = (9, 9, 5, 3, 4, 8);
        var decoder = new SquadDecoder { MaxAnswerLength = 9 };
        var given = decoder.Decode([window], [(start, end)]);
        Assert.Equal(("c d", "c d", 4.0 - 8), (given.Text, given.Best, given.NullDifference));
        Assert.Equal(20, given.Candidates.Count);
        Assert.Equal(1, given.Candidates.Sum(candidate => candidate.Probability), 1e-9);
        Assert.Equal("c d e f g h i j k l", (decoder with { MaxAnswerLength = 10 }).Decode([window], [(start, end)]).Text);

        var choosing = decoder with { AllowsNone = true };
        Assert.Equal("c d", choosing.Decode([window], [(start, end)]).Text);
        Assert.Equal("", (choosing with { NullThreshold = -5 }).Decode([window], [(start, end)]).Text);
        Assert.Contains(choosing.Decode([window], [(start, end)]).Candidates, candidate => candidate is { Text: "", Score: 4 });
    }

    [Fact]
    public void Decode_NoAnswer_IsWhatTheLeastSureWindowSays()
    {
        var windows = new SquadWindows(Letters, MaxLength: 10, Step: 2, MaxQuestion: 2).Of(Alphabet);
        var logits = windows.Select(Logits).ToArray();
        for (var i = 0; i < logits.Length; i++) (logits[i].Start[0], logits[i].End[0]) = (10 - i, 10 - i);
        Assert.Equal(12 - -20, Decode().NullDifference);
        // Sure of "e f" in the last window that has it, where it has less context than in another.
        (logits[2].Start[4], logits[2].End[5]) = (50, 50);
        Assert.NotEqual("e f", Decode().Best);
        (logits[1].Start[6], logits[1].End[7]) = (40, 40);
        Assert.Equal("e f", Decode().Text);

        SquadPrediction Decode() => new SquadDecoder { AllowsNone = true }.Decode(windows, [.. logits.Select(pair => ((ReadOnlyMemory<float>)pair.Start, (ReadOnlyMemory<float>)pair.End))]);
    }

    [Fact]
    public void Decode_LogitsThatAreNotNumbers_StillAnswers()
    {
        var window = Assert.Single(new SquadWindows(Letters, MaxLength: 20).Of(Alphabet));
        var bad = Enumerable.Repeat(float.NaN, window.Text.Length).ToArray();
        var given = new SquadDecoder { AllowsNone = true }.Decode([window], [(bad, bad)]);
        Assert.Equal("", given.Text);
        Assert.DoesNotContain("NaN", SquadSubmission.NullDifferences([given]), StringComparison.Ordinal);
        Assert.Contains("has 17 tokens", Assert.Throws<ArgumentException>(() => new SquadDecoder().Decode([window], [(bad.AsMemory(1), bad)])).Message, StringComparison.Ordinal);
        Assert.Equal("{\n  \"1\": \"\"\n}\n", SquadSubmission.Answers([given]));
    }

    [Fact]
    public void QuestionsOfManyWindows_AreTaughtAnsweredAndMeasured_AsTheOriginalScriptsDo()
    {
        var python = Fixtures.Read("squad.json");
        int Number(string name) => python.GetProperty(name).GetInt32();
        var cutter = new SquadWindows(Letters, Number("length"), Number("stride"), Number("longest_question"));
        var first = new SquadDecoder { NBest = Number("n_best"), MaxAnswerLength = Number("longest_answer") };
        var second = first with { AllowsNone = true, NullThreshold = python.GetProperty("threshold").GetDouble() };
        var (questions, predictions) = (new List<SquadQuestion>(), new List<SquadPrediction>());
        foreach (var expected in python.GetProperty("questions").EnumerateArray())
        {
            var answers = Fixtures.Strings(expected.GetProperty("answer")).Select(text => new SquadAnswer(text, expected.GetProperty("start").GetInt32()));
            questions.Add(new(expected.GetProperty("id").GetString()!, expected.GetProperty("question").GetString()!, expected.GetProperty("context").GetString()!, [.. answers]));
            var windows = cutter.Of(questions[^1]);
            Assert.Equal(expected.GetProperty("targets").EnumerateArray().Select(pair => (pair[0].GetInt32(), pair[1].GetInt32())), windows.Select(window => (window.Start, window.End)));
            (ReadOnlyMemory<float>, ReadOnlyMemory<float>)[] logits = [.. expected.GetProperty("logits").EnumerateArray().Select(pair => (Floats(pair[0]), Floats(pair[1])))];
            Assert.Equal(expected.GetProperty("plain").GetString(), first.Decode(windows, logits).Text);
            IsAsWritten(expected.GetProperty("first"), first.Decode(windows, logits));
            predictions.Add(second.Decode(windows, logits));
            IsAsWritten(expected.GetProperty("second"), predictions[^1]);
            Assert.Equal(expected.GetProperty("odds").GetDouble(), predictions[^1].NullDifference, 1e-12);
        }
        Assert.Equal(python.GetProperty("given").EnumerateObject().Select(given => given.Value.GetString()), predictions.Select(prediction => prediction.Text));

        var result = python.GetProperty("result");
        var scores = SquadMetrics.Measure(questions, predictions.ToDictionary(prediction => prediction.Id, prediction => prediction.Text), version2: true);
        var any = SquadMetrics.Measure(questions, predictions.ToDictionary(prediction => prediction.Id, prediction => prediction.Best), version2: true,
            predictions.ToDictionary(prediction => prediction.Id, prediction => prediction.NullDifference));
        Says("exact", scores.Exact);
        Says("f1", scores.F1);
        Says("answerable_exact", scores.Answerable!.Exact);
        Says("answerable_f1", scores.Answerable.F1);
        Says("impossible_exact", scores.Impossible!.Exact);
        Says("best_exact", any.BestExact!.Value.Value);
        Says("best_f1", any.BestF1!.Value.Value);
        Assert.Equal((result.GetProperty("best_exact_threshold").GetDouble(), result.GetProperty("best_f1_threshold").GetDouble()), (any.BestExact.Value.Threshold, any.BestF1.Value.Threshold));
        Assert.True(any.BestF1.Value.Value > scores.F1 && any.BestExact.Value.Threshold != 0, "the threshold matters");

        void Says(string name, double percent) => Assert.Equal(result.GetProperty(name).GetDouble(), percent / 100, 1e-9);
    }

    [TextDataFact]
    public void Read_TheRealFiles_HaveThePublishedNumbers()
    {
        var (first, second) = (SquadFile.Read(TextDataFactAttribute.At("squad/dev-v1.1.reconstructed.json")), SquadFile.Read(TextDataFactAttribute.At("squad/dev-v2.0.reconstructed.json")));
        Assert.Equal((10_570, 0), (first.Count, first.Count(question => question.IsImpossible)));
        Assert.Equal((11_873, 5_945), (second.Count, second.Count(question => question.IsImpossible)));
        Assert.All(first.Concat(second).SelectMany(question => question.Answers), answer => Assert.NotNull(answer.Start));
        Assert.Equal(1190, SquadFile.Read(TextDataFactAttribute.At("squad/xquad.en.json")).Count);
    }

    [TextDataFact]
    public void Decode_TheTrueSpansOfRealQuestions_AreTheirAnswers()
    {
        var questions = SquadFile.Read(TextDataFactAttribute.At("squad/dev-v2.0.reconstructed.json")).Take(300).ToArray();
        var cutting = new SquadWindows(WordPieceTokenizerTests.Bert(), MaxLength: 128, Step: 32);
        var decoder = new SquadDecoder { AllowsNone = true, MaxAnswerLength = 60 };
        var (predictions, within) = (new Dictionary<string, string>(), 0);
        foreach (var question in questions)
        {
            var windows = cutting.Of(question);
            var logits = windows.Select(window =>
            {
                var (start, end) = Logits(window);
                // The windows that have it are sure, and surest where its start has the most context.
                (start[window.Start], end[window.End]) = (10, 10);
                return ((ReadOnlyMemory<float>)start, (ReadOnlyMemory<float>)end);
            }).ToArray();
            predictions[question.Id] = decoder.Decode(windows, logits).Text;
            // Words are the smallest that tokens cover: "1930" of "1930s" is not to be had.
            if (question.Answers is [{ Start: { } at } answer, ..] && !SquadText.IsExact(predictions[question.Id], answer.Text) && !EndsInsideWord(question.Context, at, at + answer.Text.Length)) within++;
        }
        var scores = SquadMetrics.Measure(questions, predictions, version2: true);
        Assert.Equal(100, scores.Impossible!.Exact);
        Assert.True(within == 0, $"{within} answers of whole words are not decoded");
        Assert.True(scores.Exact > 99, $"{scores.Exact} exact");

        static bool EndsInsideWord(string text, int start, int end) =>
            start > 0 && char.IsLetterOrDigit(text[start - 1]) && char.IsLetterOrDigit(text[start]) || end < text.Length && char.IsLetterOrDigit(text[end]) && char.IsLetterOrDigit(text[end - 1]);
    }

    private static ReadOnlyMemory<float> Floats(JsonElement numbers) => numbers.EnumerateArray().Select(number => number.GetSingle()).ToArray();

    /// <summary>The file of the n best has what Python wrote: text, probability, start and end logit.</summary>
    private static void IsAsWritten(JsonElement expected, SquadPrediction given)
    {
        var written = JsonElement.Parse(SquadSubmission.Candidates([given])).GetProperty(given.Id);
        Assert.Equal(expected.GetArrayLength(), written.GetArrayLength());
        foreach (var (right, candidate) in expected.EnumerateArray().Zip(written.EnumerateArray()))
        {
            Assert.Equal((right[0].GetString(), right[2].GetDouble(), right[3].GetDouble()), (candidate.GetProperty("text").GetString(), candidate.GetProperty("start_logit").GetDouble(), candidate.GetProperty("end_logit").GetDouble()));
            Assert.Equal(right[1].GetDouble(), candidate.GetProperty("probability").GetDouble(), 1e-12);
        }
    }

    private static (float[] Start, float[] End) Logits(SquadWindow window) =>
        (Enumerable.Repeat(-10f, window.Text.Length).ToArray(), Enumerable.Repeat(-10f, window.Text.Length).ToArray());
}
