using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Core.Wire;

namespace KdService.Cli.Display;

/// <summary>One line of a progress display.</summary>
public sealed record ProgressRow
{
    /// <summary>Tells rows apart.</summary>
    public required string Key { get; init; }

    /// <summary>What runs, for people.</summary>
    public required string Title { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required JobState State { get; init; }

    /// <summary>How far it is; null before it has begun.</summary>
    public Progress? Progress { get; init; }

    /// <summary>What its network was last worth on the selection split; null before it was evaluated.</summary>
    public SelectionScore? Score { get; init; }

    /// <summary>A job's row.</summary>
    public static ProgressRow Of(JobView job, string? title = null) => new()
    {
        Key = job.Id,
        Title = title ?? job.Name,
        State = job.Status,
        Progress = job.Progress,
        Score = job.Selection,
    };

    /// <summary>Part of the work that is done, in [0, 1].</summary>
    public double Fraction => State == JobState.Succeeded ? 1 : Math.Clamp(Progress?.Fraction ?? 0, 0, 1);

    /// <summary>What it is doing, in a few words.</summary>
    public string Now => State switch
    {
        JobState.Waiting => "waits for its teacher",
        JobState.Running when Progress is { Activity: { } activity } => activity,
        JobState.Running when Progress is { } progress => $"{progress.Stage} {progress.Epoch}/{progress.Epochs}",
        JobState.Running => "starting",
        _ => StateName(State),
    };

    /// <summary>Time left, in words; empty when unknown or over.</summary>
    public string Left => State == JobState.Running && Progress?.SecondsLeft is { } seconds ? Units.Duration(seconds) : "";

    /// <summary>A state as the API writes it.</summary>
    public static string StateName(JobState state) => Core.Schema.Json.Naming.ConvertName(state.ToString());
}
