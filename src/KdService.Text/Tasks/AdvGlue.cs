using System.Text.Json;
using KdService.Core.Schema;

namespace KdService.Text.Tasks;

/// <summary>AdvGLUE's <c>dev.json</c>: an object with a list of examples a task, labels numbered as Hugging Face's GLUE has them.</summary>
internal static class AdvGlue
{
    /// <summary>Reads one task of the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="task">Its name there.</param>
    /// <param name="textA">The property with the first text.</param>
    /// <param name="textB">The property with the second.</param>
    /// <param name="labels">The classes of the task.</param>
    /// <param name="order">The names of the classes in the order in which the file numbers them.</param>
    public static IEnumerable<TextExample> Read(string path, string task, string textA, string? textB, LabelSet labels, IReadOnlyList<string> order)
    {
        JsonElement file;
        try
        {
            file = JsonElement.Parse(TextLines.All(path));
        }
        catch (JsonException e)
        {
            throw new TextDataException(path, (int?)e.LineNumber + 1, $"not JSON: {JsonText.Words(e)}", e);
        }
        if (file.ValueKind != JsonValueKind.Object || !file.TryGetProperty(task, out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
        {
            throw new TextDataException(path, null, $"there is no list of examples '{task}'{(file.ValueKind == JsonValueKind.Object ? $"; there are {string.Join(", ", file.EnumerateObject().Select(property => property.Name))}" : "")}");
        }
        int[] classes = [.. order.Select(name => labels.Names.Index().Single(label => label.Item == name).Index)];
        return list.EnumerateArray().Select((example, index) =>
        {
            if (!example.TryGetProperty("label", out var label) || label.ValueKind != JsonValueKind.Number || !label.TryGetInt32(out var number) || number < 0 || number >= classes.Length)
            {
                throw new TextDataException(path, null, $"{task}[{index}]: no label from 0 to {classes.Length - 1}");
            }
            return new TextExample(example.TryGetProperty("idx", out var id) ? id.ToString() : $"{index}", Text(textA), textB is null ? null : Text(textB), classes[number]);

            string Text(string name) => example.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()!
                : throw new TextDataException(path, null, $"{task}[{index}]: no text '{name}'");
        });
    }
}
