using System.Text;
using System.Text.Json;
using KdService.Core.Schema;

namespace KdService.Text.Tasks;

/// <summary>A right answer.</summary>
/// <param name="Text">Its words, as the context has them.</param>
/// <param name="Start">Where the context has them, in UTF-16 units; null where it does not have them where the file says.</param>
public sealed record SquadAnswer(string Text, int? Start);

/// <summary>A question about a paragraph.</summary>
/// <param name="Id">What predictions name it by.</param>
/// <param name="Question">The question.</param>
/// <param name="Context">The paragraph.</param>
/// <param name="Answers">Right answers; none where the question has none.</param>
public sealed record SquadQuestion(string Id, string Question, string Context, IReadOnlyList<SquadAnswer> Answers)
{
    /// <summary>Whether the paragraph does not answer it.</summary>
    public bool IsImpossible => Answers.Count == 0;
}

/// <summary>SQuAD's files, 1.1 and 2.0.</summary>
public static class SquadFile
{
    /// <summary>The questions of a file in the original JSON: at least one, in its order.</summary>
    /// <exception cref="TextDataException">The file is missing, not JSON, or lacks something; the message says where.</exception>
    public static IReadOnlyList<SquadQuestion> Read(string path)
    {
        JsonElement root;
        try
        {
            root = JsonElement.Parse(TextLines.All(path));
        }
        catch (JsonException e)
        {
            throw new TextDataException(path, (int?)e.LineNumber + 1, $"not JSON: {JsonText.Words(e)}", e);
        }
        if (JsonText.Fault(root, kept: false) is { } fault) throw new TextDataException(path, null, $"{fault.Pointer}: {fault.Problem}");
        var (questions, ids) = (new List<SquadQuestion>(), new HashSet<string>(StringComparer.Ordinal));
        foreach (var (article, a) in List(root, "data", "/"))
        {
            foreach (var (paragraph, p) in List(article, "paragraphs", $"/data/{a}"))
            {
                var at = $"/data/{a}/paragraphs/{p}";
                var context = Text(paragraph, "context", at);
                foreach (var (question, q) in List(paragraph, "qas", at)) Add(question, context, $"{at}/qas/{q}");
            }
        }
        return questions.Count > 0 ? questions : throw new TextDataException(path, null, "there are no questions; at least one is needed");

        void Add(JsonElement question, string context, string at)
        {
            var id = Text(question, "id", at);
            if (!ids.Add(id)) throw new TextDataException(path, null, $"{at}: the id '{id}' is there already; each once is right");
            // SQuAD 2.0 marks questions without an answer, and has plausible ones in a list of their own.
            var impossible = question.TryGetProperty("is_impossible", out var mark) && mark.ValueKind == JsonValueKind.True;
            var answers = impossible ? [] : List(question, "answers", at).Select(answer => Answer(answer.Item, context, $"{at}/answers/{answer.Index}")).ToList();
            questions.Add(new SquadQuestion(id, Text(question, "question", at), context, answers));
        }

        SquadAnswer Answer(JsonElement answer, string context, string at)
        {
            var text = Text(answer, "text", at);
            if (!answer.TryGetProperty("answer_start", out var given) || given.ValueKind != JsonValueKind.Number || !given.TryGetInt32(out var characters))
            {
                throw new TextDataException(path, null, $"{at}: 'answer_start' is missing; a number of characters is right");
            }
            var start = UnitsBefore(context, characters);
            return new(text, start is { } unit && text.Length > 0 && context.AsSpan(unit).StartsWith(text, StringComparison.Ordinal) ? unit : null);
        }

        IEnumerable<(JsonElement Item, int Index)> List(JsonElement parent, string name, string at) =>
            parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
                ? list.EnumerateArray().Select((item, index) => (item, index))
                : throw new TextDataException(path, null, $"{at}: there is no list '{name}'; data, paragraphs, qas and answers are right");

        string Text(JsonElement parent, string name, string at) =>
            parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String
                ? text.GetString()!
                : throw new TextDataException(path, null, $"{at}: there is no text '{name}'");
    }

    /// <summary>The file counts Unicode characters; strings here count UTF-16 units.</summary>
    private static int? UnitsBefore(string text, int characters)
    {
        if (characters < 0) return null;
        var unit = 0;
        for (; characters > 0; characters--)
        {
            if (unit >= text.Length) return null;
            Rune.DecodeFromUtf16(text.AsSpan(unit), out _, out var units);
            unit += units;
        }
        return unit;
    }
}
