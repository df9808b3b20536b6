using KdService.Core.Jobs;
using KdService.Core.Schema;

namespace KdService.Core.Wire;

/// <summary>What the service answers when it does not do what was asked (RFC 9457, <c>application/problem+json</c>).</summary>
public sealed record ProblemView
{
    /// <summary>A stable URI to program against, e.g. <c>urn:kd:problem:invalid-document</c>.</summary>
    public required string Type { get; init; }

    /// <summary>What kind of problem it is; the same for every problem of a type.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What happened this time and what would be right.</summary>
    public string? Detail { get; init; }

    /// <summary>The path that was asked for.</summary>
    public string? Instance { get; init; }

    /// <summary>What to quote when asking for help: the service's log lines of this request carry it.</summary>
    public string? TraceId { get; init; }

    /// <summary>Everything that is wrong with the request; pointers go into the body, or name a query parameter or header (<c>/limit</c>).</summary>
    public IReadOnlyList<Problem>? Errors { get; init; }

    /// <summary>The job's state, where that is what refuses the request.</summary>
    public JobState? State { get; init; }

    /// <summary>What may be asked in that state.</summary>
    public IReadOnlyList<string>? Allowed { get; init; }
}
