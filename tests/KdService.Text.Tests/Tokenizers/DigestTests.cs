using KdService.Core.Datasets;
using KdService.Text.Tokenizers;

namespace KdService.Text.Tests.Tokenizers;

public sealed class DigestTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Digest_OfThePhrases_IsTheKnownOne_WrittenAndReadToo()
    {
        var tokenizer = new WordPieceTokenizer(new Vocabulary(PhraseWords.Vocabulary));
        Assert.Equal(Vocabularies.Phrases.Digest, tokenizer.Digest);
        TokenizerFolder.Write(tokenizer, _folder.Path);
        Assert.Equal(tokenizer.Digest, TokenizerFolder.Read(_folder.Path).Digest);
    }

    [TextDataFact]
    public void Digest_OfBertsUncasedVocabulary_IsTheKnownOne() =>
        Assert.Equal(Vocabularies.BertUncased.Digest, TokenizerFolder.ReadWordPiece(TextDataFactAttribute.At("vocab/bert-base-uncased-vocab.txt")).Digest);

    [Fact]
    public void Digest_TellsApartWhatCutsTextsOtherwise()
    {
        string[] tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b"];
        string[] digests =
        [
            new WordPieceTokenizer(new Vocabulary(tokens)).Digest,
            new WordPieceTokenizer(new Vocabulary(tokens), WordPieceOptions.Cased).Digest,
            new WordPieceTokenizer(new Vocabulary([.. tokens[..5], "b", "a"])).Digest,
            new WordPieceTokenizer(new Vocabulary([.. tokens, "c"])).Digest,
        ];
        Assert.Equal(4, digests.Distinct().Count());
        // How long texts may be is no matter of how they are cut.
        Assert.Equal(digests[0], new WordPieceTokenizer(new Vocabulary(tokens), maxLength: 7).Digest);
    }
}
