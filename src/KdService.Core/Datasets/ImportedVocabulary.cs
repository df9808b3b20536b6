namespace KdService.Core.Datasets;

/// <summary>A vocabulary that came with an imported model.</summary>
/// <param name="Entries">Tokens.</param>
/// <param name="Digest">Digest of all that decides which ids a text becomes: equal ones cut texts alike.</param>
public sealed record ImportedVocabulary(int Entries, string Digest)
{
    /// <summary>The imported model whose tokenizer it is, by id; null as long as that has none.</summary>
    public string? Model { get; init; }

    /// <summary>The folder that the tokenizer's files lie in, where it is known; part of no document that is kept.</summary>
    public string? Folder { get; init; }
}
