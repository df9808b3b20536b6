using KdService.Core.Jobs;

namespace KdService.Jobs;

/// <summary>Which jobs to list; every condition given must hold.</summary>
public sealed record JobFilter
{
    /// <summary>Any of these states.</summary>
    public IReadOnlyCollection<JobState>? Statuses { get; init; }

    /// <summary>This method.</summary>
    public string? Method { get; init; }

    /// <summary>All of these labels.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>This data set.</summary>
    public string? Dataset { get; init; }

    /// <summary>This student network.</summary>
    public string? Student { get; init; }

    /// <summary>A part of the name, in upper or lower case.</summary>
    public string? Name { get; init; }
}
