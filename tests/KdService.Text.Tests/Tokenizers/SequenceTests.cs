using FsCheck;
using FsCheck.Fluent;
using KdService.Text.Tokenizers;

namespace KdService.Text.Tests.Tokenizers;

/// <summary>Templates, truncation and windows.</summary>
public class SequenceTests
{
    private static readonly WordPieceTokenizer Tokenizer = new(new Vocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", .. "abcdefghijklmnopqrstuvwxyz".Select(letter => letter.ToString())]));

    [Fact]
    public void Encode_ATextAndAPair_HaveTheTemplateOfBert()
    {
        var single = Tokenizer.Encode("a b");
        Assert.Equal("[CLS] a b [SEP]", Spelt(single));
        Assert.Equal([-1, 0, 0, -1], single.SequenceIds);
        Assert.Equal([0, 0, 0, 0], single.TypeIds);

        var pair = Tokenizer.Encode("a b", "c");
        Assert.Equal("[CLS] a b [SEP] c [SEP]", Spelt(pair));
        Assert.Equal([-1, 0, 0, -1, 1, -1], pair.SequenceIds);
        Assert.Equal([0, 0, 0, 0, 1, 1], pair.TypeIds);
        Assert.Equal([default, new(0, 1), new(2, 3), default, new(0, 1), default], pair.Offsets);
        Assert.Equal("[CLS] [SEP] [SEP]", Spelt(Tokenizer.Encode("", "")));
    }

    [Theory]
    [InlineData(Truncation.LongestFirst, 7, "[CLS] a b [SEP] v w [SEP]")]
    [InlineData(Truncation.LongestFirst, 8, "[CLS] a b c [SEP] v w [SEP]")]
    [InlineData(Truncation.OnlyFirst, 8, "[CLS] a b [SEP] v w x [SEP]")]
    [InlineData(Truncation.OnlySecond, 9, "[CLS] a b c d e [SEP] v [SEP]")]
    [InlineData(Truncation.None, 11, "[CLS] a b c d e [SEP] v w x [SEP]")]
    public void Encode_APairThatIsTooLong_IsCutAsAsked(Truncation truncation, int length, string expected) =>
        Assert.Equal(expected, Spelt(Tokenizer.Encode("a b c d e", "v w x", length, truncation)));

    [Theory]
    [InlineData(Truncation.None, 10)]
    [InlineData(Truncation.OnlyFirst, 5)]
    [InlineData(Truncation.OnlySecond, 7)]
    [InlineData(Truncation.LongestFirst, 2)]
    public void Encode_APairThatMayNotBeCutEnough_IsAnErrorWithAllLengths(Truncation truncation, int length)
    {
        var error = Assert.Throws<ArgumentException>(() => Tokenizer.Encode("a b c d e", "v w x", length, truncation));
        Assert.Contains($"at most {length} tokens allowed, but the texts have 5 and 3 and the template 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LongestFirst_IsOneTokenAtATimeFromTheLongerOrTheSecond() => Prop.ForAll(Lengths(30), Lengths(30), Lengths(70), (a, b, room) =>
    {
        var (first, second) = (a, b);
        while (first + second > room)
        {
            if (first > second) first--;
            else second--;
        }
        var encoded = Tokenizer.Encode(Words(a), Words(b), room + 3);
        Assert.Equal((first, second), (encoded.SequenceIds.Count(id => id == 0), encoded.SequenceIds.Count(id => id == 1)));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Windows_OfAnyText_CoverItInOrderBesideTheWholeQuestion() => Prop.ForAll(Lengths(5), Lengths(60), Lengths(399), (question, context, rooms) =>
    {
        var (room, step) = (1 + rooms % 20, 1 + rooms / 20 % (1 + rooms % 20));
        var windows = Tokenizer.EncodeWindows(Words(question), Words(context), room + question + 3, step);
        var whole = Tokenizer.Split(Words(context));
        for (var i = 0; i < windows.Count; i++)
        {
            var parts = Enumerable.Range(0, windows[i].Length).Where(at => windows[i].SequenceIds[at] == 1).Select(at => windows[i].Offsets[at]).ToArray();
            Assert.Equal(whole.Offsets[(i * step)..Math.Min(i * step + room, context)].ToArray(), parts);
            Assert.Equal(question, windows[i].SequenceIds.Count(id => id == 0));
        }
        Assert.Equal(context <= room ? 1 : 1 + (context - room + step - 1) / step, windows.Count);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Windows_WithoutRoomOrStep_AreAnError_AndNeverLeaveGaps()
    {
        Assert.Contains("leaves nothing", Assert.Throws<ArgumentException>(() => Tokenizer.EncodeWindows("a b c", "d", 6, 1)).Message, StringComparison.Ordinal);
        Assert.Contains("a step of 1 token or more", Assert.Throws<ArgumentException>(() => Tokenizer.EncodeWindows("a b c", "d e f", 8, 0)).Message, StringComparison.Ordinal);
        Assert.Equal(["[CLS] a b c [SEP] d e [SEP]", "[CLS] a b c [SEP] f [SEP]"], Tokenizer.EncodeWindows("a b c", "d e f", 8, 100).Select(Spelt));
        Assert.Equal("[CLS] a [SEP] d e f [SEP]", Spelt(Assert.Single(Tokenizer.EncodeWindows("a b c", "d e f", 7, 1, maxFirst: 1))));
    }

    private static Arbitrary<int> Lengths(int most) => Gen.Choose(0, most).ToArbitrary();

    private static string Words(int count) => string.Join(' ', Enumerable.Range(0, count).Select(i => (char)('a' + i % 26)));

    private static string Spelt(TokenizedText text) => string.Join(' ', text.Ids.Select(id => Tokenizer.Vocabulary[id]));
}
