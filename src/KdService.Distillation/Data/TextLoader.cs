using KdService.Core.Datasets;
using KdService.Core.Jobs;
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
        return (Tokenize(dataset, tokenizer, Read(dataset, dataRoot, test: false, dataset.UsedTrainSize)), Tokenize(dataset, tokenizer, Read(dataset, dataRoot, test: true, dataset.TestSize)));
    }

    private static IReadOnlyList<LabelledText> Read(TextDataset dataset, string dataRoot, bool test, int count) => dataset switch
    {
        Phrases drawn => PhraseTexts.Draw(drawn, test, count),
        _ => throw new RunException(FailureCode.InvalidPlan, $"dataset: {dataset.GetType().Name} given; this trainer knows no reader for it"),
    };

    private static TextSet Tokenize(TextDataset dataset, Tokenizer tokenizer, IReadOnlyList<LabelledText> texts)
    {
        var encoded = new (int[] Tokens, int First)[texts.Count];
        Parallel.For(0, texts.Count, i =>
        {
            var text = tokenizer.Encode(texts[i].Text, texts[i].Pair, dataset.MaxLength);
            encoded[i] = (text.Ids, text.TypeIds.AsSpan().IndexOf((byte)1) is >= 0 and var first ? first : text.Length);
        });
        return new TextSet(encoded, [.. texts.Select(text => text.Class)], dataset.Shape)
        {
            Targets = dataset.Target == Target.Value ? [.. texts.Select(text => text.Value)] : null,
        };
    }
}

/// <summary>A text or a pair of texts, and what is right about it.</summary>
/// <param name="Text">The text, or the first of a pair.</param>
/// <param name="Pair">The second of a pair; null where there is one text.</param>
/// <param name="Class">The class, from 0; 0 where a value is right.</param>
/// <param name="Value">The value; 0 where a class is right.</param>
internal sealed record LabelledText(string Text, string? Pair, int Class, float Value);
