using KdService.Core.Schema;

namespace KdService.Api.Errors;

/// <summary>The request cannot be served as it stands; answered as a problem of the given kind.</summary>
public sealed class RequestException(ProblemKind kind, string detail, IReadOnlyList<Problem>? errors = null) : Exception(detail)
{
    /// <summary>What kind of problem it is.</summary>
    public ProblemKind Kind { get; } = kind;

    /// <summary>Everything that is wrong, each with its place.</summary>
    public IReadOnlyList<Problem>? Errors { get; } = errors;
}
