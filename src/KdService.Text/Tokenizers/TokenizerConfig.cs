using System.Text.Json;
using KdService.Core.Schema;

namespace KdService.Text.Tokenizers;

/// <summary>What <c>tokenizer_config.json</c> and <c>special_tokens_map.json</c> say; either may be absent. The first one has the last word.</summary>
internal sealed class TokenizerConfig(string path, string specialPath)
{
    // What transformers writes where a network names no limit is about 1e30.
    private const double Unlimited = 1e9;

    private readonly JsonElement? _config = Read(path);
    private readonly JsonElement? _special = Read(specialPath);

    public string Path { get; } = path;

    public string? Class => Property("tokenizer_class") switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } name => name.GetString(),
        { } other => throw Wrong(Path, "tokenizer_class", other, "a name such as \"BertTokenizer\""),
    };

    public int? MaxLength => Property("model_max_length") switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } length when length.GetDouble() >= Unlimited => null,
        { ValueKind: JsonValueKind.Number } length when length.TryGetInt32(out var tokens) && tokens > 0 => tokens,
        { } other => throw Wrong(Path, "model_max_length", other, "a number of tokens above 0"),
    };

    public bool? Flag(string name) => Property(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } other => throw Wrong(Path, name, other, "true, false or null"),
    };

    public SpecialTokens Special(SpecialTokens otherwise) => otherwise with
    {
        Start = Token("cls_token") ?? otherwise.Start,
        Separator = Token("sep_token") ?? otherwise.Separator,
        Pad = Token("pad_token") ?? otherwise.Pad,
        Unknown = Token("unk_token") ?? otherwise.Unknown,
        Mask = Token("mask_token") ?? otherwise.Mask,
    };

    private string? Token(string name) => Property(name) is { } token ? Content(Path, name, token) : Property(_special, name) is { } mapped ? Content(specialPath, name, mapped) : null;

    // A token is its spelling, or an object that has it as "content".
    private static string Content(string path, string name, JsonElement token)
    {
        var content = token.ValueKind == JsonValueKind.Object && token.TryGetProperty("content", out var inner) ? inner : token;
        return content.ValueKind == JsonValueKind.String && content.GetString() is { Length: > 0 } spelling
            ? spelling
            : throw Wrong(path, name, token, "a token, or an object with the token as \"content\"");
    }

    private JsonElement? Property(string name) => Property(_config, name);

    private static JsonElement? Property(JsonElement? file, string name) =>
        file is { } root && root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static JsonElement? Read(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            if (JsonText.Fault(document.RootElement) is { } fault) throw new TextDataException(path, null, $"{fault.Pointer.TrimStart('/')}: {fault.Problem}");
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document.RootElement.Clone();
            throw new TextDataException(path, null, $"a JSON {document.RootElement.ValueKind} given; an object is right");
        }
        catch (JsonException e)
        {
            throw new TextDataException(path, (int?)e.LineNumber + 1, $"not JSON: {JsonText.Words(e)}", e);
        }
    }

    private static TextDataException Wrong(string path, string name, JsonElement given, string right) => new(path, null, $"{name}: {given.GetRawText()} given; {right}");
}
