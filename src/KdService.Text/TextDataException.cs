namespace KdService.Text;

/// <summary>A file of text, labels or tokens is not what it has to be; the message names the file, the line where there is one, what is there and what would be right.</summary>
/// <param name="path">The file or folder.</param>
/// <param name="line">The line at fault, from 1; null where no single line is.</param>
/// <param name="problem">What is there, and what would be right.</param>
/// <param name="cause">What was thrown underneath, if anything.</param>
public sealed class TextDataException(string path, int? line, string problem, Exception? cause = null)
    : Exception(line is null ? $"{path}: {problem}" : $"{path}:{line}: {problem}", cause)
{
    /// <summary>A fault of what is made of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cause">What its maker refused; the name of its parameter says nothing to whoever wrote the file.</param>
    internal TextDataException(string path, ArgumentException cause) : this(path, null, cause.Message.Replace($" (Parameter '{cause.ParamName}')", "", StringComparison.Ordinal), cause)
    {
    }

    /// <summary>The file or folder.</summary>
    public string Path { get; } = path;

    /// <summary>The line at fault, from 1; null where no single line is.</summary>
    public int? Line { get; } = line;

    /// <summary>What is there, and what would be right.</summary>
    public string Problem { get; } = problem;
}
