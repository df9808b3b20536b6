using KdService.Core.Datasets;

namespace KdService.Text.Tasks;

/// <summary>The texts of a published data set, in its original files.</summary>
public static class PublishedFiles
{
    // Every part of the smaller sets, and enough of the others to tell their columns and labels.
    private const int Checked = 10_000;

    /// <summary>The texts of a part, in the order of its file.</summary>
    /// <param name="published">The data set.</param>
    /// <param name="dataRoot">The folder that its files lie below.</param>
    /// <param name="test">The part that networks are judged by, or the training part.</param>
    /// <exception cref="TextDataException">The file is missing or not what it has to be.</exception>
    public static IReadOnlyList<TextExample> Read(PublishedTexts published, string dataRoot, bool test)
    {
        var (source, split) = Part(published, test);
        var examples = source.Read(dataRoot, split).Examples;
        var expected = test ? published.TestSize : published.TrainSize;
        return examples.Count == expected
            ? examples
            : throw new TextDataException(Path.Combine(dataRoot, (test ? published.TestFile : published.TrainFile)!.Path), null, $"{examples.Count} examples found; {expected} are right");
    }

    /// <summary>Finds out at a glance whether a part is what it has to be: reads the first 10,000 rows.</summary>
    /// <inheritdoc cref="Read" path="/param" />
    /// <inheritdoc cref="Read" path="/exception" />
    public static void Check(PublishedTexts published, string dataRoot, bool test)
    {
        var (source, split) = Part(published, test);
        source.Check(dataRoot, split, Checked);
    }

    // GLUE hides the labels of its test parts; other sets have what is there, and some have a development part alone.
    private static (TextSource Source, TextSplit Split) Part(PublishedTexts published, bool test)
    {
        var source = TextSources.All[published.Source];
        return (source, !test ? TextSplit.Train : published is not Glue && source.Parts.ContainsKey(TextSplit.Test) ? TextSplit.Test : TextSplit.Dev);
    }
}
