namespace KdService.Core.Datasets;

/// <summary>How a vocabulary cuts words.</summary>
public enum TokenizerKind
{
    /// <summary>BERT's: words into the longest pieces there are, the beginning first.</summary>
    WordPiece,

    /// <summary>GPT-2's and RoBERTa's: bytes, merged pair by pair.</summary>
    BytePairs,
}

/// <summary>What is known of a vocabulary without reading it.</summary>
/// <param name="Name">As specs write it.</param>
/// <param name="Kind">How it cuts words.</param>
/// <param name="Entries">Tokens.</param>
/// <param name="Lowercase">Whether texts are put into lower case, without accents, first.</param>
/// <param name="Files">Its files below the data root; empty where the service makes it.</param>
public sealed record KnownVocabulary(string Name, TokenizerKind Kind, int Entries, bool Lowercase, IReadOnlyList<DataFile> Files)
{
    /// <summary>Digest of its tokenizer, to be compared with that of an imported model; null where it is not known.</summary>
    public string? Digest { get; init; }
}

/// <summary>The vocabularies that a spec may name.</summary>
public static class Vocabularies
{
    /// <summary>That of BERT's uncased English models.</summary>
    public static KnownVocabulary BertUncased { get; } = new("bert-base-uncased", TokenizerKind.WordPiece, 30_522, Lowercase: true, [new("vocab/bert-base-uncased-vocab.txt", null, null)])
    {
        Digest = "906c971c97c7d0be2a58fcd434834113a0718519f0813adb441d99442deeac0d",
    };

    /// <summary>That of BERT's cased English models.</summary>
    public static KnownVocabulary BertCased { get; } = new("bert-base-cased", TokenizerKind.WordPiece, 28_996, Lowercase: false, [new("vocab/bert-base-cased-vocab.txt", null, null)]);

    /// <summary>That of RoBERTa.</summary>
    public static KnownVocabulary Roberta { get; } = new("roberta-base", TokenizerKind.BytePairs, 50_265, Lowercase: false,
        [new("vocab/roberta-base/vocab.json", null, null), new("vocab/roberta-base/merges.txt", null, null)]);

    /// <summary>That of the phrases which the service draws.</summary>
    public static KnownVocabulary Phrases { get; } = new("phrases", TokenizerKind.WordPiece, PhraseWords.Vocabulary.Count, Lowercase: true, [])
    {
        Digest = "2182613b66118c77a68b3e89190270cd4d78bb4b87a2d87c5d72ae4096f119b8",
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<KnownVocabulary> All { get; } = [BertUncased, BertCased, Roberta, Phrases];

    /// <summary>Finds a vocabulary by name; null if there is none.</summary>
    public static KnownVocabulary? Find(string? name) => All.FirstOrDefault(vocabulary => vocabulary.Name == name);
}
