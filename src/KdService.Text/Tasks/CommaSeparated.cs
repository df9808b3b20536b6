using System.Text;

namespace KdService.Text.Tasks;

/// <summary>Rows of comma-separated cells as RFC 4180 has them: in double quotes where they hold commas, quotes (doubled) or line ends.</summary>
internal static class CommaSeparated
{
    /// <summary>The rows of a file, each with the line it starts at. Empty lines are no rows.</summary>
    /// <exception cref="TextDataException">The file is missing or not UTF-8, a quote is not closed, or something follows a closed one.</exception>
    public static IEnumerable<(int Line, IReadOnlyList<string?> Cells)> Read(string path)
    {
        var text = TextLines.All(path);
        for (var (at, line) = (0, 1); at < text.Length;)
        {
            if (text[at] == '\n')
            {
                at++;
                line++;
                continue;
            }
            var (cells, first) = (new List<string?>(), line);
            do cells.Add(text.AsSpan(at).StartsWith("\"") ? Quoted(path, text, ref at, ref line) : Plain(text, ref at));
            while (at < text.Length && text[at++] == ',');
            line++;
            yield return (first, cells);
        }
    }

    /// <summary>The cell at <paramref name="at"/>, which then stands at the comma or line end behind it.</summary>
    private static string Plain(string text, ref int at)
    {
        var length = text.AsSpan(at).IndexOfAny(',', '\n');
        var cell = length < 0 ? text[at..] : text.Substring(at, length);
        at += cell.Length;
        return cell;
    }

    private static string Quoted(string path, string text, ref int at, ref int line)
    {
        var (cell, start) = (new StringBuilder(), line);
        for (at++; ; at++)
        {
            if (at == text.Length) throw new TextDataException(path, start, "a quote is not closed; a quote inside a cell is right as two");
            if (text[at] == '\n') line++;
            if (text[at] == '"' && (++at == text.Length || text[at] != '"')) break;
            cell.Append(text[at]);
        }
        if (at < text.Length && text[at] is not (',' or '\n')) throw new TextDataException(path, line, $"'{text[at]}' follows a closed quote; a comma or the line's end is right, and a quote inside a cell as two");
        return cell.ToString();
    }
}
