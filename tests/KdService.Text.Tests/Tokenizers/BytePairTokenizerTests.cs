using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using KdService.Text.Tokenizers;

namespace KdService.Text.Tests.Tokenizers;

public class BytePairTokenizerTests
{
    private static readonly JsonElement Python = Fixtures.Read("byte_pairs.json");
    private static readonly Vocabulary Small = new(Fixtures.Strings(Python.GetProperty("vocabulary")));
    private static readonly (string, string)[] Merges = [.. Fixtures.Strings(Python.GetProperty("merges")).Select(merge => (merge.Split(' ')[0], merge.Split(' ')[1]))];

    [Theory]
    [InlineData("plain", false)]
    [InlineData("prefixed", true)]
    public void Split_NastyTexts_IsAsItsDefinitionReads(string name, bool prefix)
    {
        var tokenizer = new BytePairTokenizer(Small, Merges, prefix);
        foreach (var expected in Python.GetProperty("cases").EnumerateArray())
        {
            var text = Fixtures.Units(expected.GetProperty("text"));
            var (right, given) = (Fixtures.Strings(expected.GetProperty(name)), Tokens(tokenizer, text));
            Assert.True(right.SequenceEqual(given), $"{Fixtures.Visible(text)}: {string.Join(' ', given)} given; {string.Join(' ', right)} is right");
        }
    }

    [Fact]
    public void Split_TransformersOwnCase_HasItsTokens()
    {
        string[] known = ["l", "o", "w", "e", "r", "s", "t", "i", "d", "n", "\u0120", "\u0120l", "\u0120n", "\u0120lo", "\u0120low", "er", "\u0120lowest", "\u0120newer", "\u0120wider", "<unk>"];
        var letters = Small.Tokens.Where(token => token.Length == 1).Except(known);
        var tokenizer = new BytePairTokenizer(new Vocabulary([.. known, .. letters, "<s>", "</s>", "<pad>", "<mask>"]), [("\u0120", "l"), ("\u0120l", "o"), ("\u0120lo", "w"), ("e", "r")]);
        Assert.Equal(["l", "o", "w", "er", "\u0120", "n", "e", "w", "er"], Tokens(tokenizer, "lower newer"));
        Assert.Equal([0, 1, 2, 15, 10, 9, 3, 2, 15], tokenizer.Split("lower newer").Ids.ToArray());
    }

    [Fact]
    public void Decode_OfWhatWasEncoded_IsTheText() => Prop.ForAll(WordPieceTokenizerTests.Texts(), text =>
    {
        var tokenizer = new BytePairTokenizer(Small, Merges);
        // UTF-8 has no lone surrogates.
        var whole = System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text));
        Assert.Equal(whole, tokenizer.Decode(tokenizer.Encode(text).Ids));
        Assert.Equal(whole, tokenizer.Decode(tokenizer.Split(text).Ids, skipSpecial: false));
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void Offsets_OfAnyText_CoverTheCharactersOfThePieceWithoutWhiteSpace() => Prop.ForAll(WordPieceTokenizerTests.Texts(), ArbMap.Default.ArbFor<bool>(), (text, prefix) =>
    {
        var tokenizer = new BytePairTokenizer(Small, Merges, prefix);
        var pieces = tokenizer.Split(text);
        for (var i = 0; i < pieces.Count; i++)
        {
            var (spelt, slice) = (tokenizer.Decode([pieces.Ids[i]], skipSpecial: false), pieces.Offsets[i].Of(text));
            // A piece of part of a character covers all of it.
            if (!spelt.Contains('\ufffd')) Assert.Equal(spelt.Trim(), slice);
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void Encode_OfAPair_HasTheTemplateOfRoberta()
    {
        var tokenizer = new BytePairTokenizer(Small, Merges);
        var encoded = tokenizer.Encode("a", "b");
        Assert.Equal(["<s>", "a", "</s>", "</s>", "b", "</s>"], encoded.Ids.Select(id => tokenizer.Vocabulary[id]));
        Assert.Equal([-1, 0, -1, -1, 1, -1], encoded.SequenceIds);
        Assert.All(encoded.TypeIds, type => Assert.Equal(0, type));
    }

    [Fact]
    public void Split_TheMask_TakesTheSpaceBeforeItAlong()
    {
        var tokenizer = new BytePairTokenizer(Small, Merges);
        Assert.Equal(["a", "<mask>", "\u0120", "b"], Tokens(new BytePairTokenizer(Small, []), "a <mask> b"));
        Assert.Equal(new TextSpan(2, 8), tokenizer.Split("a <mask> b").Offsets[1]);
    }

    [Fact]
    public void Split_AWordOfManyThousandLetters_Ends() => Assert.Equal(20_000, new BytePairTokenizer(Small, []).Split(new string('x', 20_000)).Count);

    private static string[] Tokens(Tokenizer tokenizer, string text) => [.. tokenizer.Split(text).Ids.ToArray().Select(id => tokenizer.Vocabulary[id])];
}
