using KdService.Core.Jobs;
using KdService.Core.Schema;

namespace KdService.Cli.Service;

/// <summary>Which jobs to list.</summary>
public sealed record JobFilter
{
    /// <summary>Only jobs in one of these states; all when empty.</summary>
    public IReadOnlyList<JobState> Status { get; init; } = [];

    /// <summary>Only this method.</summary>
    public string? Method { get; init; }

    /// <summary>Only this data set.</summary>
    public string? Dataset { get; init; }

    /// <summary>Only jobs that train this network.</summary>
    public string? Student { get; init; }

    /// <summary>Only jobs whose name has this in it, whatever its case.</summary>
    public string? Name { get; init; }

    /// <summary>Only jobs with all of these labels, each <c>key=value</c>.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>The query string of one page.</summary>
    public string Query(int limit, string? cursor)
    {
        IEnumerable<(string Name, string? Value)> parts =
        [
            .. Status.Select(state => ("status", (string?)Json.Naming.ConvertName(state.ToString()))),
            ("method", Method),
            ("dataset", Dataset),
            ("student", Student),
            ("name", Name),
            .. Labels.Select(label => ("label", (string?)label)),
            ("limit", $"{limit}"),
            ("cursor", cursor),
        ];
        return "?" + string.Join('&', parts.Where(part => part.Value is not null).Select(part => $"{part.Name}={Uri.EscapeDataString(part.Value!)}"));
    }
}
