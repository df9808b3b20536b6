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
        return Mismatch(files, test, examples.Count) is { } mismatch ? throw new TextDataException(part.Path, null, mismatch) : examples;
    }

    /// <summary>Reads a part to its end, keeps nothing of it, and says how many rows there were.</summary>
    /// <inheritdoc cref="Read" path="/param" />
    /// <exception cref="TextDataException">The file is not what the spec says of it, but for the number of its rows.</exception>
    public static int Count(TextFiles files, string dataRoot, bool test)
    {
        var part = new Part(files, dataRoot, test);
        return TextTables.Examples(part.Path, part.Format, part.Layout).Count();
    }

    /// <summary>What is wrong with the number of rows that were found in a part; null if nothing is.</summary>
    public static string? Mismatch(TextFiles files, bool test, int found)
    {
        var (said, field) = test ? (files.TestRows, "test_rows") : (files.TrainRows, "train_rows");
        return said is { } rows ? rows == found ? null : $"{found} rows found; the spec says {rows} ({field})" : found > 0 ? null : "there are no rows; at least one is needed";
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
    }
}
