using KdService.Core.Datasets;

namespace KdService.Core.Wire;

/// <summary>A network that specs may name, or a model that was imported with its weights.</summary>
/// <param name="Name">As specs write it; of an imported model, what its user calls it.</param>
/// <param name="Family">For people.</param>
/// <param name="Parameters">Trainable parameters with 10 and with 100 classes; of an imported model, with the outputs that it has.</param>
/// <param name="MultiplyAdds">Multiply-accumulate operations of one forward pass of one 32x32 picture, or of a text of 128 tokens; 10 classes.</param>
public sealed record ModelView(string Name, string Family, IReadOnlyDictionary<string, long> Parameters, long MultiplyAdds)
{
    /// <summary>What came with the model; null for a network of the catalogue.</summary>
    public ImportedView? Imported { get; init; }
}

/// <summary>What came with an imported model.</summary>
public sealed record ImportedView
{
    /// <summary>The id by which specs name it.</summary>
    public required string Id { get; init; }

    /// <summary>When it was imported.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Its network.</summary>
    public required string Architecture { get; init; }

    /// <summary>Tokens of its vocabulary.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Digest of its tokenizer: models of equal ones can be teacher and student of each other.</summary>
    public required string VocabularyDigest { get; init; }

    /// <summary>What its head predicts; null for an encoder alone.</summary>
    public Target? Target { get; init; }

    /// <summary>Whether it has a masked-LM head, so that it can be the generator of mate_kd and combined_kd.</summary>
    public required bool MaskedLmHead { get; init; }

    /// <summary>The classes by name; empty where the folder does not name them.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>Its files.</summary>
    public required IReadOnlyList<ImportedFileView> Files { get; init; }
}

/// <summary>A file of an imported model that can be downloaded.</summary>
public sealed record ImportedFileView(string Name, long Bytes, string Sha256, string Url);
