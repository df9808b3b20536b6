using KdService.Core.Architectures;
using KdService.Core.Datasets;

namespace KdService.Core.Weights;

/// <summary>What is known of a Hugging Face folder that was imported, without its weights.</summary>
public sealed record ImportedModel
{
    /// <summary>Its network, of the catalogue or by the pattern of a size.</summary>
    public required string Architecture { get; init; }

    /// <summary>Its vocabulary.</summary>
    public required ImportedVocabulary Vocabulary { get; init; }

    /// <summary>The longest text that its tokenizer says it was made for; null where it says nothing.</summary>
    public int? LongestText { get; init; }

    /// <summary>What its head predicts; null for an encoder without a head that is served.</summary>
    public Target? Target { get; init; }

    /// <summary>Outputs of its head: classes, 1 for a value, 2 for a span; 0 without a head.</summary>
    public int Outputs { get; init; }

    /// <summary>The classes by name, in the order of the logits; empty where the folder does not name them.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Whether it has a masked-LM head, so that it can generate samples.</summary>
    public bool MaskedLmHead { get; init; }

    /// <summary>Trainable parameters, those of its head included, and of a masked-LM head left out.</summary>
    public required long Parameters { get; init; }

    /// <summary>Its files, by name.</summary>
    public required IReadOnlyList<ImportedFile> Files { get; init; }

    /// <summary>Digest of the files: equal folders are one model.</summary>
    public required string Digest { get; init; }

    /// <summary>Its size and family.</summary>
    public Transformer Size => Transformers.Size(Architecture) ?? throw new InvalidOperationException($"{Architecture} is no transformer");
}

/// <summary>A file of an imported folder.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its checksum in lower-case hexadecimal.</param>
public sealed record ImportedFile(string Name, long Bytes, string Sha256);
