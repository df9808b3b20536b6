using KdService.Core.Datasets;

namespace KdService.Text.Tasks;

/// <summary>A user's own texts, in the tables that a spec names.</summary>
public static class OwnTexts
{
    /// <summary>The texts of a part, in the order of its file.</summary>
    /// <param name="files">The tables.</param>
    /// <param name="dataRoot">The folder that they lie below.</param>
    /// <param name="test">The test part, or the training part, which there then is.</param>
    /// <exception cref="TextDataException">The file is not what the spec says of it.</exception>
    public static IReadOnlyList<TextExample> Read(TextFiles files, string dataRoot, bool test)
    {
        var part = new Part(files, dataRoot, test);
        var examples = TextTables.Read(part.Path, part.Format, part.Layout).Examples;
        part.RequireRows(examples.Count);
        return examples;
    }

    /// <summary>Finds out whether a part can be read, and keeps nothing of it.</summary>
    /// <inheritdoc cref="Read" path="/param" />
    /// <inheritdoc cref="Read" path="/exception" />
    public static void Check(TextFiles files, string dataRoot, bool test)
    {
        var part = new Part(files, dataRoot, test);
        part.RequireRows(TextTables.Examples(part.Path, part.Format, part.Layout).Count());
    }

    private sealed class Part(TextFiles files, string dataRoot, bool test)
    {
        private readonly string _name = test ? files.Test : files.Train!;

        public string Path => System.IO.Path.Combine(dataRoot, _name);

        public TableFormat Format => System.IO.Path.GetExtension(_name) switch
        {
            ".csv" => TableFormat.Csv,
            ".tsv" => TableFormat.Tsv,
            _ => TableFormat.JsonLines,
        };

        public TextLayout Layout => new() { TextA = files.TextA, TextB = files.TextB, Label = files.Label, Labels = files.Labels.Count > 0 ? new LabelSet(files.Labels) : null };

        public void RequireRows(int found)
        {
            var (said, field) = test ? (files.TestSize, "test_rows") : (files.TrainSize, "train_rows");
            if (found != said) throw new TextDataException(Path, null, $"{found} rows found; the spec says {said} ({field})");
        }
    }
}
