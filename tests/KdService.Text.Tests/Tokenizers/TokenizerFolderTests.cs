using KdService.Text.Tokenizers;

namespace KdService.Text.Tests.Tokenizers;

public class TokenizerFolderTests
{
    private const string Special = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
    private static readonly string[] Letters = [.. Fixtures.Strings(Fixtures.Read("byte_pairs.json").GetProperty("vocabulary")).Where(token => token.Length == 1)];

    [Fact]
    public void WordPiece_WrittenAndRead_IsTheSame()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = new WordPieceTokenizer(new Vocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "\u2028", "a", "##é"]), new WordPieceOptions { LowerCase = false, StripAccents = true, SpaceChinese = false }, maxLength: 512);
        TokenizerFolder.Write(tokenizer, folder.Path);
        var read = Assert.IsType<WordPieceTokenizer>(TokenizerFolder.Read(folder.Path));
        Assert.True(read.Vocabulary.Matches(tokenizer.Vocabulary));
        Assert.Equal((tokenizer.Options, 512, tokenizer.Special), (read.Options, read.MaxLength, read.Special));
        Assert.Contains("\"BertTokenizer\"", File.ReadAllText(folder.File("tokenizer_config.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void BytePairs_WrittenAndRead_AreTheSame()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = new BytePairTokenizer(new Vocabulary(["<s>", "<pad>", "</s>", "<unk>", .. Letters, "ab", "Ġ\"", "<mask>"]), [("a", "b"), ("Ġ", "\"")], addPrefixSpace: true);
        TokenizerFolder.Write(tokenizer, folder.Path);
        var read = Assert.IsType<BytePairTokenizer>(TokenizerFolder.Read(folder.Path));
        Assert.True(read.Vocabulary.Matches(tokenizer.Vocabulary));
        Assert.Equal(tokenizer.Merges, read.Merges);
        Assert.Equal((true, null, tokenizer.Special), (read.AddPrefixSpace, read.MaxLength, read.Special));
        Assert.StartsWith("#version: 0.2\na b\n", File.ReadAllText(folder.File("merges.txt")), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TokensAsObjects_TakesTheirContent()
    {
        using var folder = new TemporaryFolder();
        folder.Write("vocab.txt", "[PAD]\n<oov>\n[CLS]\n[SEP]\n[MASK]\r\nx");
        folder.Write("tokenizer_config.json", """{"tokenizer_class":"DistilBertTokenizer","model_max_length":1000000000000000019884624838656,"unk_token":{"content":"<oov>"}}""");
        var read = TokenizerFolder.Read(folder.Path);
        Assert.Equal((null, 1, 6), (read.MaxLength, read.UnknownId, read.Vocabulary.Count));
        File.Delete(folder.File("tokenizer_config.json"));
        folder.Write("special_tokens_map.json", """{"unk_token":"<oov>"}""");
        Assert.Equal(1, TokenizerFolder.Read(folder.Path).UnknownId);
    }

    [Theory]
    [InlineData("vocab.txt", Special + "a\nb\na\n", "vocab.txt:8: 'a' is there already, in line 6")]
    [InlineData("vocab.txt", Special + "a\n\nb\n", "vocab.txt:7: the line is empty")]
    [InlineData("vocab.txt", "", "vocab.txt: the file is empty")]
    [InlineData("vocab.txt", "[PAD]\n[UNK]\n", "vocab.txt: the vocabulary of 2 tokens lacks the special token [CLS]")]
    [InlineData("tokenizer_config.json", "{\n\"do_lower_case\": tru}", "tokenizer_config.json:2: not JSON")]
    [InlineData("tokenizer_config.json", "{\"do_lower_case\": 1}", "do_lower_case: 1 given; true, false or null")]
    [InlineData("tokenizer_config.json", "{\"model_max_length\": -1}", "model_max_length: -1 given; a number of tokens above 0")]
    [InlineData("tokenizer_config.json", "{\"tokenizer_class\": \"T5Tokenizer\"}", "tokenizer_class 'T5Tokenizer' given; BertTokenizer")]
    [InlineData("tokenizer_config.json", "{\"tokenizer_class\": \"RobertaTokenizer\"}", "vocab.json: missing; a byte-pair tokenizer is vocab.json and merges.txt")]
    public void Read_AWordPieceFolderThatIsWrong_NamesFileAndLine(string name, string content, string message)
    {
        using var folder = new TemporaryFolder();
        folder.Write("vocab.txt", Special);
        folder.Write(name, content);
        Assert.Contains(message, Assert.Throws<TextDataException>(() => TokenizerFolder.Read(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vocab.json", "{\"a\": 0,\n\"a\": 1}", "vocab.json:2: 'a' is there twice")]
    [InlineData("vocab.json", "{\"a\": 0,\n\n\"b\": 0}", "vocab.json:3: 'b' has id 0, as 'a' has")]
    [InlineData("vocab.json", "{\"a\": 0, \"b\": 2}", "vocab.json: no token has id 1, but one has 2")]
    [InlineData("vocab.json", "{\"a\": \"0\"}", "vocab.json:1: 'a' has no id")]
    [InlineData("vocab.json", "{\"a\": 0", "vocab.json:1: not JSON")]
    [InlineData("vocab.json", "[]", "vocab.json:1: an object from tokens to ids is right")]
    [InlineData("vocab.json", "{\"a\": 0}", "vocab.json: the vocabulary of 1 tokens lacks the special token <s>")]
    [InlineData("merges.txt", "#version: 0.2\na b\nab\n", "merges.txt:3: 'ab' given; two tokens with a space between")]
    [InlineData("merges.txt", "#version: 0.2\na b\na b\n", "merges.txt:3: 'a b' is there already, in line 2")]
    [InlineData("merges.txt", "#version: 0.2\na c\n", "merges.txt:2: 'a c' needs the token 'ac', which vocab.json lacks")]
    public void Read_ABytePairFolderThatIsWrong_NamesFileAndLine(string name, string content, string message)
    {
        using var folder = new TemporaryFolder();
        var tokens = Enumerable.Concat(["<s>", "</s>", "<pad>", "<unk>", "<mask>", "ab"], Letters);
        folder.Write("vocab.json", System.Text.Json.JsonSerializer.Serialize(tokens.Index().ToDictionary(token => token.Item, token => token.Index)));
        folder.Write("merges.txt", "a b\n");
        Assert.IsType<BytePairTokenizer>(TokenizerFolder.Read(folder.Path));
        folder.Write(name, content);
        if (name == "vocab.json") folder.Write("merges.txt", "");
        Assert.Contains(message, Assert.Throws<TextDataException>(() => TokenizerFolder.Read(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AFolderWithoutAVocabulary_SaysWhatIsWanted()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("vocab.txt: missing; a tokenizer is vocab.txt (BERT, DistilBERT), or vocab.json and merges.txt (RoBERTa)", Assert.Throws<TextDataException>(() => TokenizerFolder.Read(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AVocabularyThatIsNotUtf8_NamesLineAndByte()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("vocab.txt"), [.. "a\nb"u8, 0xC3, 0x28, (byte)'\n']);
        Assert.Contains("vocab.txt:2: byte 0xC3 at 3 (column 2) is not UTF-8", Assert.Throws<TextDataException>(() => TokenizerFolder.Read(folder.Path)).Message, StringComparison.Ordinal);
    }
}
