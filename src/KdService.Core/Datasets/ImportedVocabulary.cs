namespace KdService.Core.Datasets;

/// <summary>A vocabulary that came with an imported model.</summary>
/// <param name="Entries">Tokens.</param>
/// <param name="Digest">Digest of all that decides which ids a text becomes: equal ones cut texts alike.</param>
public sealed record ImportedVocabulary(int Entries, string Digest);
