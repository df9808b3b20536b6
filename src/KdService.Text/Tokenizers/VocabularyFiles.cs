using System.Text;
using System.Text.Json;
using KdService.Core.Schema;

namespace KdService.Text.Tokenizers;

/// <summary>Vocabularies and merges as files; what is missing, malformed or there twice is an error that names the line.</summary>
internal static class VocabularyFiles
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary><c>vocab.txt</c>: a token a line, ids from 0.</summary>
    public static Vocabulary ReadText(string path)
    {
        var tokens = new List<string>();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (line, token) in TextLines.Read(path))
        {
            if (token.Length == 0) throw new TextDataException(path, line, "the line is empty; a token a line is right");
            if (!lines.TryAdd(token, line)) throw new TextDataException(path, line, $"'{token}' is there already, in line {lines[token]}; each token once is right");
            tokens.Add(token);
        }
        return tokens.Count > 0 ? new Vocabulary(tokens) : throw new TextDataException(path, null, "the file is empty; a token a line is right");
    }

    /// <summary>Writes <c>vocab.txt</c>.</summary>
    public static void WriteText(string path, Vocabulary vocabulary) => File.WriteAllText(path, string.Concat(vocabulary.Tokens.Select(token => token + "\n")), Utf8);

    /// <summary><c>vocab.json</c>: an object from tokens to ids, which are 0 to their number less one.</summary>
    public static Vocabulary ReadJson(string path)
    {
        var content = TextLines.Bytes(path);
        var tokens = new SortedDictionary<int, string>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            var reader = new Utf8JsonReader(content);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new TextDataException(path, 1, "an object from tokens to ids is right");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var (token, line) = (reader.GetString()!, Line(reader.TokenStartIndex));
                reader.Read();
                if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out var id) || id < 0) throw new TextDataException(path, line, $"'{token}' has no id; a whole number from 0 is right");
                if (!known.Add(token)) throw new TextDataException(path, line, $"'{token}' is there twice; each token once is right");
                if (!tokens.TryAdd(id, token)) throw new TextDataException(path, line, $"'{token}' has id {id}, as '{tokens[id]}' has; each id once is right");
            }
        }
        catch (JsonException e)
        {
            throw new TextDataException(path, (int?)e.LineNumber + 1, $"not JSON: {JsonText.Words(e)}", e);
        }
        catch (InvalidOperationException e)
        {
            // What the reader throws about a string that is no text, such as half a surrogate pair.
            throw new TextDataException(path, null, e.Message, e);
        }
        if (tokens.Count == 0) throw new TextDataException(path, null, "the object is empty; tokens and their ids are right");
        var last = tokens.Keys.Last();
        if (last >= tokens.Count) throw new TextDataException(path, null, $"no token has id {Enumerable.Range(0, last).First(id => !tokens.ContainsKey(id))}, but one has {last}; ids without gaps are right");
        return new Vocabulary(tokens.Values);

        int Line(long at) => content.AsSpan(0, (int)at).Count((byte)'\n') + 1;
    }

    /// <summary><c>merges.txt</c>: two tokens a line, the first learnt first, below a line with the version.</summary>
    public static List<(int Line, string Left, string Right)> ReadMerges(string path)
    {
        var merges = new List<(int Line, string, string)>();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (line, merge) in TextLines.Read(path))
        {
            if (line == 1 && merge.StartsWith("#version", StringComparison.Ordinal)) continue;
            if (merge.Split(' ') is not [{ Length: > 0 } left, { Length: > 0 } right]) throw new TextDataException(path, line, $"'{merge}' given; two tokens with a space between are right");
            if (!lines.TryAdd(merge, line)) throw new TextDataException(path, line, $"'{merge}' is there already, in line {lines[merge]}; each merge once is right");
            merges.Add((line, left, right));
        }
        return merges;
    }

    /// <summary>Sees to it that the vocabulary has the parts and the result of every merge.</summary>
    public static void CheckMerges(string path, List<(int Line, string Left, string Right)> merges, Vocabulary vocabulary, string vocabularyPath)
    {
        foreach (var (line, left, right) in merges)
        {
            foreach (var token in new[] { left, right, left + right })
            {
                if (vocabulary.IdOf(token) is null) throw new TextDataException(path, line, $"'{left} {right}' needs the token '{token}', which {Path.GetFileName(vocabularyPath)} lacks");
            }
        }
    }
}
