using System.Globalization;

namespace KdService.Text.Tasks;

/// <summary>Data sets of texts in tables: one's own, and those of <see cref="TextSource"/>.</summary>
public static class TextTables
{
    /// <summary>Reads a table of texts.</summary>
    /// <param name="path">The file.</param>
    /// <param name="format">How its rows are written.</param>
    /// <param name="layout">Where it has what.</param>
    /// <exception cref="TextDataException">The file is missing, empty or not UTF-8, lacks a column, or has a label that is none of the classes; the message names the line.</exception>
    public static TextSet Read(string path, TableFormat format, TextLayout layout) => TextSet.Of(path, Examples(path, format, layout));

    /// <summary>The examples of a table as they are read, null for a row that is left out.</summary>
    /// <inheritdoc cref="Read" />
    internal static IEnumerable<TextExample?> Examples(string path, TableFormat format, TextLayout layout)
    {
        string?[] wanted = [layout.TextA, layout.TextB, layout.Label, layout.Id];
        var table = Table.Open(path, format, format == TableFormat.JsonLines ? [.. wanted.OfType<string>()] : layout.Header);
        var (a, b, label, id) = (table.PlaceOf(layout.TextA)!.Value, table.PlaceOf(layout.TextB), table.PlaceOf(layout.Label), table.PlaceOf(layout.Id));
        var last = new[] { a, b ?? 0, label ?? 0, id ?? 0 }.Max();

        var number = 0;
        foreach (var (line, cells) in table.Rows)
        {
            if (cells.Count <= last && layout.SkipsShortLines)
            {
                yield return null;
                continue;
            }
            if (cells.Count != table.Columns.Count) throw new TextDataException(path, line, $"{cells.Count} columns given; {table.Columns.Count} are right");
            if (label is { } place && layout.SkippedLabel is { } left && cells[place] == left)
            {
                yield return null;
                continue;
            }
            var (known, score) = label is null ? (null, null) : Label(Text(label.Value), line);
            yield return new TextExample(
                id is null ? number.ToString(CultureInfo.InvariantCulture) : Text(id.Value), Unwrapped(a), b is null ? null : Unwrapped(b.Value), known, score);
            number++;

            string Text(int column) => cells[column] ?? throw new TextDataException(path, line, $"'{table.Columns[column]}' is null; a text is right");

            string Unwrapped(int column) => !layout.WrappedTexts ? Text(column) : PythonBytes.Unwrap(Text(column))
                ?? throw new TextDataException(path, line, $"'{table.Columns[column]}' is not the UTF-8 that Python wrote as bytes");
        }

        (int? Class, double? Score) Label(string spelling, int line)
        {
            if (layout.Labels is { } labels)
            {
                return (labels.ClassOf(spelling) ?? throw new TextDataException(path, line, $"'{layout.Label}' is '{spelling}'; one of {string.Join(", ", labels.Spellings)}"), null);
            }
            var (low, high) = layout.Scores ?? (double.MinValue, double.MaxValue);
            if (double.TryParse(spelling, NumberStyles.Float, CultureInfo.InvariantCulture, out var score) && score >= low && score <= high) return (null, score);
            throw new TextDataException(path, line, $"'{layout.Label}' is '{spelling}'; a number {(layout.Scores is null ? "is right where no labels are named (labels)" : $"from {low} to {high} is right")}");
        }
    }
}
