namespace KdService.Text.Tasks;

/// <summary>One file or folder of a published data set.</summary>
/// <param name="Path">Where it lies in the data root.</param>
/// <param name="Read">Reads it, given its full path.</param>
/// <param name="Rows">How many examples it has, where that is known for certain.</param>
public sealed record TextPart(string Path, Func<string, TextSet> Read, int? Rows = null);

/// <summary>A published data set of texts, read from its original files. All of them are in <see cref="TextSources"/>.</summary>
public sealed record TextSource
{
    /// <summary>What it is called: <c>SST-2</c>, <c>HANS</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The classes; null in regression.</summary>
    public LabelSet? Labels { get; init; }

    /// <summary>Whether its examples are pairs.</summary>
    public required bool IsPair { get; init; }

    /// <summary>The files that a part may come from, the first that is there being read.</summary>
    public required IReadOnlyDictionary<TextSplit, IReadOnlyList<TextPart>> Parts { get; init; }

    /// <summary>Whether the data root has a part.</summary>
    public bool Has(string root, TextSplit split) => Parts.TryGetValue(split, out var parts) && parts.Any(part => Exists(System.IO.Path.Combine(root, part.Path)));

    /// <summary>Reads a part.</summary>
    /// <param name="root">The folder in which data sets lie.</param>
    /// <param name="split">Which part.</param>
    /// <param name="verify">Whether the number of examples has to be the published one.</param>
    /// <exception cref="TextDataException">The part is missing or not what it has to be.</exception>
    public TextSet Read(string root, TextSplit split, bool verify = true)
    {
        if (!Parts.TryGetValue(split, out var parts)) throw new TextDataException(root, null, $"{Name} has no {split} part; it has {string.Join(", ", Parts.Keys)}");
        if (parts.FirstOrDefault(part => Exists(System.IO.Path.Combine(root, part.Path))) is not { } part)
        {
            throw new TextDataException(root, null, $"{Name}, {split}: {string.Join(" or ", parts.Select(part => part.Path))} is missing");
        }
        var path = System.IO.Path.Combine(root, part.Path);
        var set = part.Read(path);
        if (verify && part.Rows is { } rows && rows != set.Examples.Count)
        {
            throw new TextDataException(path, null, $"{set.Examples.Count} examples given; {Name} has {rows} here{(set.Skipped > 0 ? $" ({set.Skipped} lines were left out)" : "")}");
        }
        return set;
    }

    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path);
}
