namespace KdService.Text.Tasks;

/// <summary>One text or pair of a data set and, where it is labelled, its class or its score.</summary>
/// <param name="Id">What the file calls it, or its number in the file from 0.</param>
/// <param name="TextA">The text, or the first of the pair.</param>
/// <param name="TextB">The second of a pair.</param>
/// <param name="Label">Its class, from 0; null in regression and where labels are hidden.</param>
/// <param name="Score">Its score; null in classification and where scores are hidden.</param>
public sealed record TextExample(string Id, string TextA, string? TextB = null, int? Label = null, double? Score = null);

/// <summary>The parts of a data set.</summary>
public enum TextSplit
{
    /// <summary>What is trained on.</summary>
    Train,

    /// <summary>What is chosen and measured on.</summary>
    Dev,

    /// <summary>What is measured on at the end; most benchmarks hide its labels.</summary>
    Test,
}

/// <summary>The examples of one part, as its file has them.</summary>
/// <param name="Examples">At least one, in the order of the file.</param>
/// <param name="Skipped">Lines left out: those known to be cut short in the original, and those without a gold label.</param>
public sealed record TextSet(IReadOnlyList<TextExample> Examples, int Skipped)
{
    /// <summary>What is read from a file.</summary>
    /// <exception cref="TextDataException">There is nothing.</exception>
    internal static TextSet Of(string path, IEnumerable<TextExample?> rows)
    {
        var (examples, skipped) = (new List<TextExample>(), 0);
        foreach (var example in rows)
        {
            if (example is null) skipped++;
            else examples.Add(example);
        }
        if (examples.Count == 0) throw new TextDataException(path, null, skipped == 0 ? "there are no rows; at least one is needed" : $"there are no rows but the {skipped} left out; at least one is needed");
        return new TextSet(examples, skipped);
    }
}
