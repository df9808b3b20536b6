using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using KdService.Text.Tokenizers;

namespace KdService.Text.Tests.Tokenizers;

public class WordPieceTokenizerTests
{
    private static readonly string[] Special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
    private static readonly JsonElement Python = Fixtures.Read("word_pieces.json");
    private static readonly Vocabulary Small = new(Fixtures.Strings(Python.GetProperty("vocabulary")));

    [Theory]
    [InlineData("uncased", true, null)]
    [InlineData("cased", false, null)]
    [InlineData("accented", true, false)]
    [InlineData("plain", false, true)]
    public void Split_NastyTexts_IsAsItsDefinitionReads(string name, bool lower, bool? strip)
    {
        var tokenizer = new WordPieceTokenizer(Small, new WordPieceOptions { LowerCase = lower, StripAccents = strip });
        foreach (var expected in Python.GetProperty("cases").EnumerateArray())
        {
            var text = Fixtures.Units(expected.GetProperty("text"));
            var pieces = tokenizer.Split(text);
            var right = expected.GetProperty(name).EnumerateArray().Select(piece => (piece[0].GetString()!, piece[1].GetInt32(), piece[2].GetInt32()));
            Assert.True(right.SequenceEqual(Listed(tokenizer, pieces)),
                $"{Fixtures.Visible(text)}: {string.Join(' ', Listed(tokenizer, pieces))} given; {string.Join(' ', right)} is right");
        }
    }

    [TextDataFact]
    public void Split_NastyTextsWithTheVocabularyOfBert_IsAsItsDefinitionReads()
    {
        var tokenizer = Bert();
        foreach (var expected in Python.GetProperty("cases").EnumerateArray())
        {
            var text = Fixtures.Units(expected.GetProperty("text"));
            Assert.Equal(Fixtures.Strings(expected.GetProperty("real")), Tokens(tokenizer, text));
        }
    }

    [Fact]
    public void Split_TransformersOwnCase_HasItsIds()
    {
        var tokenizer = new WordPieceTokenizer(new Vocabulary(["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "want", "##want", "##ed", "wa", "un", "runn", "##ing", ",", "low", "lowest"]));
        Assert.Equal([9, 6, 7, 12, 10, 11], tokenizer.Split("UNwant\u00E9d,running").Ids.ToArray());
        Assert.Equal(["[UNK]", "runn", "##ing"], Tokens(tokenizer, "unwantedX running"));
        Assert.Empty(Tokens(tokenizer, ""));
    }

    [Theory]
    [InlineData("ah\u535A\u63A8zz", true, null, "ah \u535A \u63A8 zz")]
    [InlineData(" \tHeLLo!how  \n Are yoU?  ", true, null, "hello ! how are you ?")]
    [InlineData("H\u00E9llo", true, null, "hello")]
    [InlineData(" \tHäLLo!how  \n Are yoU?  ", true, false, "hällo ! how are you ?")]
    [InlineData("H\u00E9llo", true, false, "h\u00E9llo")]
    [InlineData(" \tHäLLo!how  \n Are yoU?  ", true, true, "hallo ! how are you ?")]
    [InlineData(" \tHeLLo!how  \n Are yoU?  ", false, null, "HeLLo ! how Are yoU ?")]
    [InlineData(" \tHäLLo!how  \n Are yoU?  ", false, false, "HäLLo ! how Are yoU ?")]
    [InlineData(" \tHäLLo!how  \n Are yoU?  ", false, true, "HaLLo ! how Are yoU ?")]
    [InlineData(" \tHeLLo!how  \n Are yoU? [UNK]", false, null, "HeLLo ! how Are yoU ? [UNK]")]
    public void Split_TransformersCasesOfBasicTokenisation_AreItsWords(string text, bool lower, bool? strip, string words)
    {
        string[] expected = words.Split(' ');
        var tokenizer = new WordPieceTokenizer(new Vocabulary([.. Special, .. expected.Except(Special).Distinct()]), new WordPieceOptions { LowerCase = lower, StripAccents = strip });
        Assert.Equal(expected, Tokens(tokenizer, text));
    }

    [TextDataFact]
    public void Encode_TransformersCaseOfOffsets_IsTheSame()
    {
        const string Text = "A, naïve [MASK] AllenNLP sentence.";
        var tokenizer = Bert();
        var encoded = tokenizer.Encode(Text);
        Assert.Equal(["[CLS]", "a", ",", "naive", "[MASK]", "allen", "##nl", "##p", "sentence", ".", "[SEP]"], encoded.Ids.Select(id => tokenizer.Vocabulary[id]));
        Assert.Equal([new(0, 0), new(0, 1), new(1, 2), new(3, 8), new(9, 15), new(16, 21), new(21, 23), new(23, 24), new(25, 33), new(33, 34), new(0, 0)], encoded.Offsets);
        Assert.Equal([101, 7592, 2088, 102], tokenizer.Encode("Hello world").Ids);
        Assert.Equal(30522, tokenizer.Vocabulary.Count);
        Assert.Equal((101, 102, 0, 100, 103), (tokenizer.StartId, tokenizer.SeparatorId, tokenizer.PadId, tokenizer.UnknownId, tokenizer.MaskId));
    }

    [Fact]
    public void Split_SpecialTokensInAText_AreKeptWholeWhateverIsBesideThem()
    {
        var tokenizer = new WordPieceTokenizer(Small);
        Assert.Equal(["the", "[MASK]", "un", "##want", "##ed", "[SEP]"], Tokens(tokenizer, "The[MASK]unwanted [SEP]"));
        Assert.DoesNotContain(tokenizer.MaskId, tokenizer.Split("the [mask]").Ids.ToArray());
    }

    [Fact]
    public void Offsets_OfAnyText_CoverWhatTokenisesToThePiece() => Prop.ForAll(Texts(), text =>
    {
        var tokenizer = new WordPieceTokenizer(Small);
        var pieces = tokenizer.Split(text);
        for (var i = 0; i < pieces.Count; i++)
        {
            if (pieces.Ids[i] == tokenizer.UnknownId) continue;
            var (piece, slice) = (tokenizer.Vocabulary[pieces.Ids[i]], pieces.Offsets[i].Of(text));
            var spelt = piece.StartsWith("##", StringComparison.Ordinal) && pieces.Ids[i] != Small.IdOf("#") ? piece[2..] : piece;
            var alone = new WordPieceTokenizer(new Vocabulary([.. Special, .. new[] { spelt }.Except(Special)]));
            // Several pieces may come of one character, as a Hangul syllable's letters do.
            if (i > 0 && pieces.Offsets[i].Start < pieces.Offsets[i - 1].End || i + 1 < pieces.Count && pieces.Offsets[i + 1].Start < pieces.Offsets[i].End) continue;
            // A final sigma is one by what stands around it.
            if (spelt.Contains('ς') || spelt.Contains('σ')) continue;
            Assert.Equal([spelt], Tokens(alone, slice));
        }
        // In order, within the text, and never over one another but within a character.
        for (var i = 1; i < pieces.Count; i++) Assert.True(pieces.Offsets[i].Start >= pieces.Offsets[i - 1].End || pieces.Offsets[i].Start >= pieces.Offsets[i - 1].Start && pieces.Offsets[i].Length <= 2);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void Decode_JoinsPiecesAndLeavesOutSpecialTokens()
    {
        var tokenizer = new WordPieceTokenizer(Small);
        var ids = tokenizer.Encode("The unwanted running, it").Ids;
        Assert.Equal("the unwanted running , it", tokenizer.Decode(ids));
        Assert.Equal("[CLS] the unwanted running , it [SEP]", tokenizer.Decode(ids, skipSpecial: false));
        Assert.Contains("99999", Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([99999])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_WithoutASpecialToken_NamesIt()
    {
        var error = Assert.Throws<ArgumentException>(() => new WordPieceTokenizer(new Vocabulary(["[UNK]", "[CLS]", "[SEP]", "[PAD]"])));
        Assert.Contains("lacks the special token [MASK]", error.Message, StringComparison.Ordinal);
    }

    internal static Arbitrary<string> Texts()
    {
        var parts = Python.GetProperty("cases").EnumerateArray().Select(item => Fixtures.Units(item.GetProperty("text"))).SelectMany(text => text.Split(' ')).Where(part => part.Length is > 0 and < 40).ToArray();
        return Gen.OneOf(Gen.Elements(parts), ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => text.Get), Gen.Elements("The ", " unwanted", "[MASK]", "running"))
            .ArrayOf().Select(string.Concat).ToArbitrary();
    }

    internal static WordPieceTokenizer Bert() => TokenizerFolder.ReadWordPiece(TextDataFactAttribute.At("vocab/bert-base-uncased-vocab.txt"));

    private static string[] Tokens(Tokenizer tokenizer, string text) => [.. tokenizer.Split(text).Ids.ToArray().Select(id => tokenizer.Vocabulary[id])];

    private static IEnumerable<(string, int, int)> Listed(Tokenizer tokenizer, Pieces pieces) =>
        pieces.Ids.ToArray().Zip(pieces.Offsets.ToArray(), (id, offset) => (tokenizer.Vocabulary[id], offset.Start, offset.End));
}
