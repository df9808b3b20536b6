using System.Text.Json;
using KdService.Core.Datasets;

namespace KdService.Distillation.Tests;

/// <summary>
/// Questions in SQuAD's form on paragraphs of the service's own words: the answer is the praise, one word or two, among neutral words.
/// </summary>
internal static class SquadTexts
{
    /// <summary>Writes a training and a test file, and gives the data set that they are; some of its paragraphs need several windows.</summary>
    /// <param name="folder">The data root.</param>
    /// <param name="version">Whether every fourth question has no answer.</param>
    /// <param name="train">Questions to train on.</param>
    /// <param name="test">Questions to test on.</param>
    public static Squad Write(string folder, SquadVersion version = SquadVersion.V1, int train = 160, int test = 40)
    {
        Directory.CreateDirectory(Path.Combine(folder, "squad"));
        WritePart("train", train, from: 0);
        WritePart("test", test, from: train);
        return new Squad
        {
            Version = version,
            Train = "squad/train.json",
            Test = "squad/test.json",
            TrainQuestions = train,
            TestQuestions = test,
            Vocabulary = Vocabularies.Phrases.Name,
            MaxLength = 24,
            Stride = 8,
            MaxQuestion = 4,
        };

        void WritePart(string name, int questions, int from) => File.WriteAllText(Path.Combine(folder, "squad", $"{name}.json"), JsonSerializer.Serialize(new
        {
            data = new[] { new { paragraphs = Enumerable.Range(from, questions).Select(number => Paragraph(number, version == SquadVersion.V2 && number % 4 == 3)) } },
        }));
    }

    private static object Paragraph(int number, bool impossible)
    {
        var random = new Random(number);
        string Of(IReadOnlyList<string> words) => words[random.Next(words.Count)];
        string Neutral(int words) => string.Join(' ', Enumerable.Range(0, words).Select(_ => Of(PhraseWords.Neutral)));
        var before = Neutral(1 + random.Next(14)) + " ";
        var answer = Of(PhraseWords.Praising) + (number % 2 == 0 ? "" : " " + Of(PhraseWords.Praising));
        var after = " " + Neutral(1 + random.Next(14));
        return new
        {
            context = impossible ? before + Of(PhraseWords.Neutral) + after : before + answer + after,
            qas = new[] { new { id = $"q{number}", question = Neutral(2), is_impossible = impossible, answers = impossible ? [] : new[] { new { text = answer, answer_start = before.Length } } } },
        };
    }
}
