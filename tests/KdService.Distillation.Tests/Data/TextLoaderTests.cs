using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Distillation.Data;

namespace KdService.Distillation.Tests.Data;

public sealed class TextLoaderTests
{
    [Fact]
    public void Phrases_AreLabelledBySumsWithNegatorsAndIntensifiers()
    {
        var (praise, blame, negator, intensifier, neutral) = (PhraseWords.Praising[0], PhraseWords.Blaming[0], PhraseWords.Negators[0], PhraseWords.Intensifiers[0], PhraseWords.Neutral[0]);
        Assert.Equal(2, PhraseTexts.LabelOf([neutral, praise]));
        Assert.Equal(0, PhraseTexts.LabelOf([negator, neutral, praise]));
        Assert.Equal(1, PhraseTexts.LabelOf([praise, blame]));
        Assert.Equal(0, PhraseTexts.LabelOf([praise, intensifier, blame]));
        Assert.Equal(2, PhraseTexts.LabelOf([negator, negator, praise]));
    }

    [Fact]
    public void Phrases_AreDrawnByTheirSeed_EveryWordATokenOfItsOwn()
    {
        var dataset = new Phrases { Samples = 300, TestSamples = 100 };
        var (train, test) = DatasetLoader.Load(dataset, "");
        Assert.Equal((300, 100), (train.Count, test.Count));
        Assert.Equal([100, 100, 100], train.Labels.CountBy(label => label).Select(count => count.Value));
        var again = DatasetLoader.Load(dataset, "").Train;
        Assert.True(train.Content.SequenceEqual(again.Content));
        Assert.False(train.Content.SequenceEqual(DatasetLoader.Load(dataset with { DrawingSeed = 1 }, "").Train.Content));
        // [CLS], the words, [SEP].
        var texts = PhraseTexts.Draw(dataset, test: true);
        Assert.All(Enumerable.Range(0, 100), i => Assert.Equal(texts[i].TextA.Split(' ').Length + 2, test.LengthOf(i)));
        Assert.Equal(Vocabularies.Phrases.Entries, PhraseWords.Vocabulary.Distinct().Count());
    }

    [Fact]
    public void TextFiles_WithAColumnOfNumbers_AreValuesToPredict()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "own"));
        File.WriteAllText(Path.Combine(folder.Path, "own/train.csv"), "one,other,likeness\nbada,\"dede, gigo\",2.5\nfufu,lolo,0\n");
        File.WriteAllText(Path.Combine(folder.Path, "own/test.csv"), "one,other,likeness\nbada,gigo,5\n");
        var dataset = new TextFiles { Vocabulary = "phrases", Train = "own/train.csv", Test = "own/test.csv", TrainRows = 2, TestRows = 1, TextA = "one", TextB = "other", Label = "likeness" };
        var (train, test) = DatasetLoader.Load(dataset, folder.Path);
        Assert.Equal([2.5f, 0], train.Targets!);
        Assert.Equal([5f], test.Targets!);
        Assert.Equal((Target.Value, 1), (train.Shape.Target, train.Shape.Classes));

        var counted = Assert.Throws<RunException>(() => DatasetLoader.Load(dataset with { TrainRows = 3 }, folder.Path));
        Assert.Equal((FailureCode.DataCorrupt, true), (counted.Code, counted.Message.Contains("2 rows found; the spec says 3 (train_rows)", StringComparison.Ordinal)));
        Assert.Equal(FailureCode.DataMissing, Assert.Throws<RunException>(() => DatasetLoader.Load(dataset with { Train = "own/none.csv" }, folder.Path)).Code);
        Assert.Contains("text", Assert.Throws<RunException>(() => DatasetLoader.Load(dataset with { TextA = "text" }, folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Vocabulary_OfAnotherSize_IsNamedWithBothCounts()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "vocab"));
        File.WriteAllText(Path.Combine(folder.Path, "vocab/bert-base-uncased-vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
        var thrown = Assert.Throws<RunException>(() => DatasetLoader.Load(new Phrases { Vocabulary = "bert-base-uncased" }, folder.Path));
        Assert.Equal(FailureCode.DataCorrupt, thrown.Code);
        Assert.Contains("5 tokens found; bert-base-uncased has 30522", thrown.Message, StringComparison.Ordinal);
    }
}
