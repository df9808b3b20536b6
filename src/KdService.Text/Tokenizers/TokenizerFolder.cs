using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace KdService.Text.Tokenizers;

/// <summary>
/// The tokenizer files of a Hugging Face folder: <c>vocab.txt</c>, or <c>vocab.json</c> and <c>merges.txt</c>, beside
/// <c>tokenizer_config.json</c> and, if there, <c>special_tokens_map.json</c>.
/// </summary>
public static class TokenizerFolder
{
    private const string VocabularyText = "vocab.txt", VocabularyJson = "vocab.json", MergesText = "merges.txt", Config = "tokenizer_config.json", SpecialMap = "special_tokens_map.json";
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Reads the tokenizer of a folder. Without a configuration it is as transformers takes it: uncased BERT, or RoBERTa.</summary>
    /// <exception cref="TextDataException">A file is missing or not what it has to be.</exception>
    public static Tokenizer Read(string folder)
    {
        var config = new TokenizerConfig(Path.Combine(folder, Config), Path.Combine(folder, SpecialMap));
        var (text, json, merges) = (Path.Combine(folder, VocabularyText), Path.Combine(folder, VocabularyJson), Path.Combine(folder, MergesText));
        var kind = config.Class is { } name ? KindOf(name, config.Path) : File.Exists(text) ? TokenizerKind.WordPiece : TokenizerKind.BytePair;
        if (kind == TokenizerKind.WordPiece)
        {
            if (!File.Exists(text)) throw new TextDataException(text, null, "missing; a WordPiece tokenizer needs it");
            var options = new WordPieceOptions
            {
                LowerCase = config.Flag("do_lower_case") ?? true,
                StripAccents = config.Flag("strip_accents"),
                SpaceChinese = config.Flag("tokenize_chinese_chars") ?? true,
            };
            var vocabulary = VocabularyFiles.ReadText(text);
            return Built(text, () => new WordPieceTokenizer(vocabulary, options, config.Special(SpecialTokens.Bert), config.MaxLength));
        }
        if (config.Class is null && !File.Exists(json)) throw new TextDataException(text, null, $"missing; a tokenizer is {VocabularyText} (BERT, DistilBERT), or {VocabularyJson} and {MergesText} (RoBERTa)");
        foreach (var path in new[] { json, merges })
        {
            if (File.Exists(path)) continue;
            throw new TextDataException(path, null, $"missing; a byte-pair tokenizer is {VocabularyJson} and {MergesText}");
        }
        var (tokens, pairs) = (VocabularyFiles.ReadJson(json), VocabularyFiles.ReadMerges(merges));
        VocabularyFiles.CheckMerges(merges, pairs, tokens, json);
        return Built(json, () => new BytePairTokenizer(tokens, pairs.Select(pair => (pair.Left, pair.Right)), config.Flag("add_prefix_space") ?? false, config.Special(SpecialTokens.Roberta), config.MaxLength));
    }

    /// <summary>A WordPiece tokenizer from a vocabulary file alone.</summary>
    /// <exception cref="TextDataException">The file is missing or not what it has to be.</exception>
    public static WordPieceTokenizer ReadWordPiece(string vocabularyFile, WordPieceOptions? options = null, int? maxLength = null)
    {
        var vocabulary = VocabularyFiles.ReadText(vocabularyFile);
        return Built(vocabularyFile, () => new WordPieceTokenizer(vocabulary, options, maxLength: maxLength));
    }

    /// <summary>Writes the files that <see cref="Read"/> and transformers read, into a folder that is made if need be.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="longest">The longest text of the network beside it, at which transformers cuts where the tokenizer itself names no shorter one.</param>
    public static void Write(Tokenizer tokenizer, string folder, int? longest = null)
    {
        Directory.CreateDirectory(folder);
        var special = tokenizer.Special;
        var tokens = new Dictionary<string, object?>
        {
            ["cls_token"] = special.Start,
            ["mask_token"] = special.Mask,
            ["pad_token"] = special.Pad,
            ["sep_token"] = special.Separator,
            ["unk_token"] = special.Unknown,
        };
        var config = new Dictionary<string, object?>(tokens);
        if ((tokenizer.MaxLength is { } own && !(own > longest) ? own : longest) is { } length) config["model_max_length"] = length;
        switch (tokenizer)
        {
            case WordPieceTokenizer wordPiece:
                config["tokenizer_class"] = "BertTokenizer";
                config["do_lower_case"] = wordPiece.Options.LowerCase;
                config["strip_accents"] = wordPiece.Options.StripAccents;
                config["tokenize_chinese_chars"] = wordPiece.Options.SpaceChinese;
                VocabularyFiles.WriteText(Path.Combine(folder, VocabularyText), tokenizer.Vocabulary);
                break;
            case BytePairTokenizer bytePair:
                // RoBERTa's template: the same two tokens begin and end a text, by these names too.
                tokens["bos_token"] = config["bos_token"] = special.Start;
                tokens["eos_token"] = config["eos_token"] = special.Separator;
                config["tokenizer_class"] = "RobertaTokenizer";
                config["add_prefix_space"] = bytePair.AddPrefixSpace;
                var ids = tokenizer.Vocabulary.Tokens.Index().ToDictionary(token => token.Item, token => token.Index);
                File.WriteAllText(Path.Combine(folder, VocabularyJson), JsonSerializer.Serialize(ids, Compact), Utf8);
                File.WriteAllText(Path.Combine(folder, MergesText), "#version: 0.2\n" + string.Concat(bytePair.Merges.Select(merge => $"{merge.Left} {merge.Right}\n")), Utf8);
                break;
        }
        File.WriteAllText(Path.Combine(folder, Config), JsonSerializer.Serialize(config, Readable) + "\n", Utf8);
        File.WriteAllText(Path.Combine(folder, SpecialMap), JsonSerializer.Serialize(tokens, Readable) + "\n", Utf8);
    }

    private static TokenizerKind KindOf(string name, string path) => name switch
    {
        "BertTokenizer" or "BertTokenizerFast" or "DistilBertTokenizer" or "DistilBertTokenizerFast" => TokenizerKind.WordPiece,
        "RobertaTokenizer" or "RobertaTokenizerFast" => TokenizerKind.BytePair,
        _ => throw new TextDataException(path, null, $"tokenizer_class '{name}' given; BertTokenizer, DistilBertTokenizer, RobertaTokenizer, or one of these with Fast"),
    };

    private static T Built<T>(string path, Func<T> build)
    {
        try
        {
            return build();
        }
        catch (ArgumentException e)
        {
            throw new TextDataException(path, e);
        }
    }

    private enum TokenizerKind
    {
        WordPiece,
        BytePair,
    }
}
