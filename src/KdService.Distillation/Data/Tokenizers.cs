using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Text.Tokenizers;
using TokenizerKind = KdService.Core.Datasets.TokenizerKind;

namespace KdService.Distillation.Data;

/// <summary>The tokenizers of the vocabularies that specs name.</summary>
public static class Tokenizers
{
    /// <summary>The tokenizer of a data set's vocabulary.</summary>
    /// <param name="dataset">Names the vocabulary.</param>
    /// <param name="dataRoot">The folder that its files lie below.</param>
    /// <exception cref="RunException">A file is missing, or is not what it should be.</exception>
    public static Tokenizer Of(TextDataset dataset, string dataRoot)
    {
        if (dataset.Imported is { } imported) return Of(imported);
        var known = dataset.NamedVocabulary ?? throw new RunException(FailureCode.InvalidPlan, $"vocabulary: {dataset.Vocabulary} given; this trainer does not know it");
        var missing = known.Files.Select(file => Path.Combine(dataRoot, file.Path)).FirstOrDefault(path => !File.Exists(path));
        if (missing is not null) throw new RunException(FailureCode.DataMissing, $"{missing}: no such file; {dataset.HowToGet}");
        var tokenizer = Corrupt.Unless(() => Read(known, dataRoot));
        return tokenizer.Vocabulary.Count == known.Entries
            ? tokenizer
            : throw new RunException(FailureCode.DataCorrupt, $"{known.Files[0].Path}: {tokenizer.Vocabulary.Count} tokens found; {known.Name} has {known.Entries}");
    }

    private static Tokenizer Of(ImportedVocabulary imported)
    {
        var folder = imported.Folder ?? throw new RunException(FailureCode.InvalidPlan, $"folders: no folder of model {imported.Model} given, whose vocabulary the data is cut with");
        var tokenizer = Corrupt.Unless(() => TokenizerFolder.Read(folder));
        return tokenizer.Digest == imported.Digest
            ? tokenizer
            : throw new RunException(FailureCode.DataCorrupt, $"{folder}: the tokenizer is not the one that the plan was made for");
    }

    private static Tokenizer Read(KnownVocabulary known, string dataRoot)
    {
        if (known == Vocabularies.Phrases) return new WordPieceTokenizer(new Vocabulary(PhraseWords.Vocabulary));
        var file = Path.Combine(dataRoot, known.Files[0].Path);
        return known.Kind == TokenizerKind.BytePairs
            ? TokenizerFolder.Read(Path.GetDirectoryName(file)!)
            : TokenizerFolder.ReadWordPiece(file, known.Lowercase ? WordPieceOptions.Uncased : WordPieceOptions.Cased);
    }
}
