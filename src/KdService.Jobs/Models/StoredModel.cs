using KdService.Core.Weights;

namespace KdService.Jobs.Models;

/// <summary>An imported model whose files are in the artifact store.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">What its user calls it.</param>
/// <param name="Facts">What is known of it.</param>
/// <param name="CreatedAt">When it was imported.</param>
public sealed record StoredModel(string Id, string Name, ImportedModel Facts, DateTimeOffset CreatedAt);

/// <summary>Its row.</summary>
internal sealed class ModelRow
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Digest { get; init; }

    public required ImportedModel Facts { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>No imported model has this id.</summary>
public sealed class ModelNotFoundException(string id) : Exception($"there is no imported model {id}");

/// <summary>An imported model cannot be removed while jobs need it; the message names one.</summary>
public sealed class ModelInUseException(string message) : Exception(message);
