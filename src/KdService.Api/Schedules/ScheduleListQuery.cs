using KdService.Api.Requests;
using KdService.Core;
using KdService.Core.Schema;
using KdService.Jobs.Schedules;

namespace KdService.Api.Schedules;

/// <summary>Which schedules to list.</summary>
public sealed record ScheduleListQuery : IQuery<ScheduleListQuery>
{
    /// <summary>Schedules per page.</summary>
    [Field("Schedules per page.", Min = 1, Max = ScheduleQueries.MaxPage)]
    public int Limit { get; init; } = 50;

    /// <summary>Where the page begins.</summary>
    [Field("Where the page begins: next of the page before.", MaxLength = 26, Pattern = SortableId.Pattern)]
    public string? Cursor { get; init; }

    /// <inheritdoc />
    public static ScheduleListQuery Example { get; } = new() { Limit = 20 };
}

/// <summary>How many times to list.</summary>
public sealed record TimesQuery : IQuery<TimesQuery>
{
    /// <summary>How many.</summary>
    [Field("How many times.", Min = 1, Max = 1000)]
    public int Count { get; init; } = ScheduleQueries.TimesShown;

    /// <inheritdoc />
    public static TimesQuery Example { get; } = new() { Count = 10 };
}

/// <summary>Which runs, and in which form.</summary>
public sealed record RunsQuery : IQuery<RunsQuery>
{
    /// <summary>The form of the answer.</summary>
    [Field("json, or a Markdown table.")]
    public RunsFormat Format { get; init; }

    /// <summary>Runs per page.</summary>
    [Field("Runs per page.", Min = 1, Max = ScheduleQueries.MaxPage)]
    public int Limit { get; init; } = 50;

    /// <summary>Where the page begins.</summary>
    [Field("Where the page begins: next of the page before.", MaxLength = 9, Pattern = "[0-9]+")]
    public string? Cursor { get; init; }

    /// <inheritdoc />
    public static RunsQuery Example { get; } = new() { Limit = 20 };
}

/// <summary>Forms in which runs can be had.</summary>
public enum RunsFormat
{
    /// <summary>JSON.</summary>
    Json,

    /// <summary>A Markdown table.</summary>
    Markdown,
}
