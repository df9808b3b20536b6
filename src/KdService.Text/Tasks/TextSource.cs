namespace KdService.Text.Tasks;

/// <summary>One file or folder of a published data set.</summary>
/// <param name="Path">Where it lies in the data root.</param>
/// <param name="Examples">Reads it as it is enumerated, given its full path; null for what is left out.</param>
/// <param name="Rows">How many examples it has, where that is known for certain.</param>
public sealed record TextPart(string Path, Func<string, IEnumerable<TextExample?>> Examples, int? Rows = null);

/// <summary>A published data set of texts, read from its original files. All of them are in <see cref="TextSources"/>.</summary>
public sealed record TextSource
{
    /// <summary>What it is called: <c>SST-2</c>, <c>HANS</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The classes; null in regression.</summary>
    public LabelSet? Labels { get; init; }

    /// <summary>The files that a part may come from, the first that is there being read.</summary>
    public required IReadOnlyDictionary<TextSplit, IReadOnlyList<TextPart>> Parts { get; init; }

    /// <summary>Whether the data root has a part.</summary>
    public bool Has(string root, TextSplit split) => Parts.TryGetValue(split, out var parts) && parts.Any(part => Exists(System.IO.Path.Combine(root, part.Path)));

    /// <summary>Reads a part.</summary>
    /// <param name="root">The folder in which data sets lie.</param>
    /// <param name="split">Which part.</param>
    /// <exception cref="TextDataException">The part is missing or not what it has to be, the number of its examples included.</exception>
    public TextSet Read(string root, TextSplit split)
    {
        var (part, path) = Find(root, split);
        var set = TextSet.Of(path, part.Examples(path));
        RequireRows(part, path, set);
        return set;
    }

    /// <summary>Reads the start of a part, and all of it where there is no more.</summary>
    /// <param name="root">The folder in which data sets lie.</param>
    /// <param name="split">Which part.</param>
    /// <param name="rows">Rows that are read at most.</param>
    /// <exception cref="TextDataException">The part is missing, or what was read of it is not what it has to be.</exception>
    public void Check(string root, TextSplit split, int rows)
    {
        var (part, path) = Find(root, split);
        var start = TextSet.Of(path, part.Examples(path).Take(rows));
        if (start.Examples.Count + start.Skipped < rows) RequireRows(part, path, start);
    }

    /// <summary>The examples of a part as they are read, however many there are; null for what is left out.</summary>
    /// <param name="root">The folder in which data sets lie.</param>
    /// <param name="split">Which part.</param>
    /// <exception cref="TextDataException">The part is missing or, while it is enumerated, not what it has to be.</exception>
    public IEnumerable<TextExample?> Examples(string root, TextSplit split)
    {
        var (part, path) = Find(root, split);
        return part.Examples(path);
    }

    private (TextPart Part, string Path) Find(string root, TextSplit split)
    {
        if (!Parts.TryGetValue(split, out var parts)) throw new TextDataException(root, null, $"{Name} has no {split} part; it has {string.Join(", ", Parts.Keys)}");
        var found = parts.FirstOrDefault(part => Exists(System.IO.Path.Combine(root, part.Path)))
            ?? throw new TextDataException(root, null, $"{Name}, {split}: {string.Join(" or ", parts.Select(part => part.Path))} is missing");
        return (found, System.IO.Path.Combine(root, found.Path));
    }

    private void RequireRows(TextPart part, string path, TextSet set)
    {
        if (part.Rows is { } rows && rows != set.Examples.Count)
            throw new TextDataException(path, null, $"{set.Examples.Count} examples given; {Name} has {rows} here{(set.Skipped > 0 ? $" ({set.Skipped} lines were left out)" : "")}");
    }

    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path);
}
