using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Text;
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
        return (Tokenize(dataset, tokenizer, [.. Read(dataset, dataRoot, test: false).Take(dataset.UsedTrainSize)]), Tokenize(dataset, tokenizer, Read(dataset, dataRoot, test: true)));
    }

    /// <summary>The texts of a part, in the order of its file.</summary>
    /// <exception cref="RunException">A file is missing, or is not what it should be.</exception>
    public static IReadOnlyList<TextExample> Read(TextDataset dataset, string dataRoot, bool test)
    {
        if (dataset is Phrases phrases) return PhraseTexts.Draw(phrases, test);
        if (dataset.OwnFiles.Select(file => Path.Combine(dataRoot, file.Path)).FirstOrDefault(path => !File.Exists(path)) is { } missing)
            throw new RunException(FailureCode.DataMissing, $"{missing}: no such file; {dataset.HowToGet}");
        try
        {
            return dataset switch
            {
                Glue glue => TextSources.All[glue.Source].Read(dataRoot, test ? TextSplit.Dev : TextSplit.Train).Examples,
                TextFiles files => Read(files, dataRoot, test),
                _ => throw new RunException(FailureCode.InvalidPlan, $"dataset: {dataset.GetType().Name} given; this trainer knows no reader for it"),
            };
        }
        catch (TextDataException e)
        {
            throw new RunException(FailureCode.DataCorrupt, e.Message, e);
        }
    }

    private static IReadOnlyList<TextExample> Read(TextFiles files, string dataRoot, bool test)
    {
        var (name, rows) = test ? (files.Test, files.TestRows) : (files.Train, files.TrainRows);
        var format = Path.GetExtension(name) switch
        {
            ".csv" => TableFormat.Csv,
            ".tsv" => TableFormat.Tsv,
            _ => TableFormat.JsonLines,
        };
        var layout = new TextLayout { TextA = files.TextA, TextB = files.TextB, Label = files.Label, Labels = files.Labels.Count > 0 ? new LabelSet(files.Labels) : null };
        var examples = TextTables.Read(Path.Combine(dataRoot, name), format, layout).Examples;
        return examples.Count == rows
            ? examples
            : throw new RunException(FailureCode.DataCorrupt, $"{name}: {examples.Count} rows found; the spec says {rows} ({(test ? "test_rows" : "train_rows")})");
    }

    private static TokenSet Tokenize(TextDataset dataset, Tokenizer tokenizer, IReadOnlyList<TextExample> texts)
    {
        var encoded = new (int[] Tokens, int First)[texts.Count];
        Parallel.For(0, texts.Count, i =>
        {
            encoded[i] = TokenSet.Segmented(tokenizer.Encode(texts[i].TextA, texts[i].TextB, dataset.MaxLength));
        });
        return new TokenSet(encoded, [.. texts.Select(text => text.Label ?? 0)], dataset.Shape)
        {
            Targets = dataset.Target == Target.Value ? [.. texts.Select(text => (float)text.Score!.Value)] : null,
        };
    }
}
