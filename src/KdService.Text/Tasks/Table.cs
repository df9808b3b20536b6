using System.Text.Json;
using KdService.Core.Schema;

namespace KdService.Text.Tasks;

/// <summary>How rows are written.</summary>
public enum TableFormat
{
    /// <summary>Cells between tabs, quote characters being characters like any other, as in GLUE.</summary>
    Tsv,

    /// <summary>Cells between commas, in double quotes where they hold commas, quotes or line ends (RFC 4180).</summary>
    Csv,

    /// <summary>A JSON object a line.</summary>
    JsonLines,
}

/// <summary>The rows of a file, each with the line it starts at, from 1.</summary>
internal sealed record Table(string Path, IReadOnlyList<string> Columns, IEnumerable<(int Line, IReadOnlyList<string?> Cells)> Rows)
{
    /// <summary>Opens a table.</summary>
    /// <param name="path">The file.</param>
    /// <param name="format">How its rows are written.</param>
    /// <param name="header">The names of its columns, where the first line does not have them; of JSON objects, the properties of interest.</param>
    /// <exception cref="TextDataException">The file is missing, empty, or not what its format says; rows are read while they are enumerated.</exception>
    public static Table Open(string path, TableFormat format, IReadOnlyList<string>? header)
    {
        if (format == TableFormat.JsonLines) return Objects(path, header ?? []);
        var lines = format == TableFormat.Tsv ? TabSeparated(path) : CommaSeparated.Read(path);
        if (header is not null) return new Table(path, header, lines);
        using var first = lines.GetEnumerator();
        if (!first.MoveNext()) throw new TextDataException(path, null, "the file is empty; a line with the names of the columns, and rows, are right");
        return new Table(path, [.. first.Current.Cells.Select(name => name!)], lines.Skip(1));
    }

    /// <summary>The place of a column, or null where <paramref name="name"/> is.</summary>
    /// <exception cref="TextDataException">There is no such column; the message has those there are.</exception>
    public int? PlaceOf(string? name)
    {
        if (name is null) return null;
        for (var i = 0; i < Columns.Count; i++)
        {
            if (Columns[i] == name) return i;
        }
        throw new TextDataException(Path, 1, $"there is no column '{name}'; the columns are {string.Join(", ", Columns.Select(column => $"'{column}'"))}");
    }

    private static IEnumerable<(int Line, IReadOnlyList<string?> Cells)> TabSeparated(string path) =>
        TextLines.Read(path).Where(line => line.Text.Length > 0).Select(line => (line.Line, (IReadOnlyList<string?>)line.Text.Split('\t')));

    private static Table Objects(string path, IReadOnlyList<string> properties)
    {
        return new Table(path, properties, Rows());

        IEnumerable<(int, IReadOnlyList<string?>)> Rows()
        {
            foreach (var (line, text) in TextLines.Read(path))
            {
                if (string.IsNullOrWhiteSpace(text)) continue;
                JsonElement row;
                try
                {
                    row = JsonElement.Parse(text);
                }
                catch (JsonException e)
                {
                    throw new TextDataException(path, line, $"not JSON: {JsonText.Words(e)}", e);
                }
                if (row.ValueKind != JsonValueKind.Object) throw new TextDataException(path, line, $"a JSON {row.ValueKind} given; an object a line is right");
                if (JsonText.Fault(row, kept: false) is { } fault) throw new TextDataException(path, line, $"{fault.Pointer}: {fault.Problem}");
                yield return (line, [.. properties.Select(name => Cell(row, name, line))]);
            }
        }

        string? Cell(JsonElement row, string name, int line)
        {
            if (!row.TryGetProperty(name, out var value))
            {
                throw new TextDataException(path, line, $"there is no '{name}'; the object has {string.Join(", ", row.EnumerateObject().Select(property => $"'{property.Name}'"))}");
            }
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Number => value.GetRawText(),
                JsonValueKind.Null => null,
                _ => throw new TextDataException(path, line, $"'{name}' is a JSON {value.ValueKind}; a text or number is right"),
            };
        }
    }
}
