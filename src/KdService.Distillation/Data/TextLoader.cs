using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Text.Tasks;
using KdService.Text.Tokenizers;

namespace KdService.Distillation.Data;

/// <summary>Reads or draws texts, and cuts them into tokens.</summary>
internal static class TextLoader
{
    /// <summary>The training part, of which the first <see cref="Dataset.UsedTrainSize"/> texts are kept, and the test part.</summary>
    /// <exception cref="RunException">A file is missing, or is not what it should be.</exception>
    public static (SampleSet Train, SampleSet Test) Load(TextDataset dataset, string dataRoot)
    {
        var tokenizer = Tokenizers.Of(dataset, dataRoot);
        return (Tokenize(dataset, tokenizer, [.. Read(dataset, dataRoot, test: false).Take(dataset.UsedTrainSize)]), LoadTest(dataset, tokenizer, dataRoot));
    }

    /// <summary>The test part alone, with its texts.</summary>
    /// <exception cref="RunException">A file is missing, or is not what it should be.</exception>
    public static SampleSet LoadTest(TextDataset dataset, string dataRoot) => LoadTest(dataset, Tokenizers.Of(dataset, dataRoot), dataRoot);

    private static TokenSet LoadTest(TextDataset dataset, Tokenizer tokenizer, string dataRoot) => Tokenize(dataset, tokenizer, Read(dataset, dataRoot, test: true), keepTexts: true);

    /// <summary>The test part of a source, whose labels are hidden, and what its file calls the texts; null where the file is missing.</summary>
    /// <param name="dataset">How texts are cut into tokens.</param>
    /// <param name="source">Where they are from.</param>
    /// <param name="dataRoot">The folder that files lie below.</param>
    /// <exception cref="RunException">The file is not what it should be.</exception>
    public static (TokenSet Set, IReadOnlyList<string> Ids)? LoadUnlabelled(TextDataset dataset, TextSource source, string dataRoot)
    {
        if (!source.Has(dataRoot, TextSplit.Test)) return null;
        var texts = Corrupt.Unless(() => source.Read(dataRoot, TextSplit.Test)).Examples;
        return (new TokenSet(Encode(dataset, Tokenizers.Of(dataset, dataRoot), texts), new int[texts.Count], dataset.Shape), [.. texts.Select(text => text.Id)]);
    }

    /// <summary>The texts of a part, in the order of its file.</summary>
    /// <exception cref="RunException">A file is missing, or is not what it should be.</exception>
    public static IReadOnlyList<TextExample> Read(TextDataset dataset, string dataRoot, bool test)
    {
        if (dataset is Phrases phrases) return PhraseTexts.Draw(phrases, test);
        if ((test ? dataset.TestFile : dataset.TrainFile) is not { } file)
            throw new RunException(FailureCode.InvalidPlan, $"dataset: {dataset.Title} given; it has no {(test ? "test" : "training")} part");
        if (!file.IsBelow(dataRoot))
            throw new RunException(FailureCode.DataMissing, $"{Path.Combine(dataRoot, file.Path)}: no such file; {dataset.HowToGet}");
        return Corrupt.Unless(() => dataset switch
        {
            PublishedTexts published => PublishedFiles.Read(published, dataRoot, test),
            TextFiles files => OwnTexts.Read(files, dataRoot, test),
            _ => throw new RunException(FailureCode.InvalidPlan, $"dataset: {dataset.GetType().Name} given; this trainer knows no reader for it"),
        });
    }

    private static TokenSet Tokenize(TextDataset dataset, Tokenizer tokenizer, IReadOnlyList<TextExample> texts, bool keepTexts = false)
    {
        return new TokenSet(Encode(dataset, tokenizer, texts), [.. texts.Select(text => text.Label ?? 0)], dataset.Shape)
        {
            Texts = keepTexts ? texts : null,
            Targets = dataset.Target == Target.Value ? [.. texts.Select(text => (float)text.Score!.Value)] : null,
        };
    }

    private static (int[] Tokens, int First)[] Encode(TextDataset dataset, Tokenizer tokenizer, IReadOnlyList<TextExample> texts)
    {
        var encoded = new (int[] Tokens, int First)[texts.Count];
        Parallel.For(0, texts.Count, i => encoded[i] = TokenSet.Segmented(tokenizer.Encode(texts[i].TextA, texts[i].TextB, dataset.MaxLength)));
        return encoded;
    }
}
