using KdService.Core.Schema;
using KdService.Core.Wire;
using Spectre.Console;

namespace KdService.Cli.Display;

/// <summary>What went wrong, in plain lines: <c>field: given; what would be right</c>.</summary>
public static class Problems
{
    /// <summary>The problems of a document.</summary>
    public static void Write(IAnsiConsole console, IReadOnlyList<Problem> problems)
    {
        foreach (var problem in problems)
            console.Say(problem.Pointer.Length == 0 ? problem.Detail : problem.ToString());
    }

    /// <summary>A refusal of the service: its fields, or its words where it names none.</summary>
    public static void Write(IAnsiConsole console, ProblemView problem)
    {
        if (problem.Errors is { Count: > 0 } errors) Write(console, errors);
        else console.Say($"kd: {problem.Detail ?? problem.Title}");
        if (problem.Allowed is { Count: > 0 } allowed) console.Say($"allowed now: {string.Join(", ", allowed)}");
        if (problem.Status >= 500 && problem.TraceId is { } trace) console.Say($"trace id {trace}: the service's log says more");
    }

    /// <summary>Why a job failed, what to do, and the end of its log.</summary>
    public static void Write(IAnsiConsole console, string title, FailureView failure)
    {
        var step = failure.Step is { } at ? $" at step {at}" : "";
        console.Say($"{title} failed ({Json.Naming.ConvertName(failure.Code.ToString())}{step}): {failure.Message}");
        console.Say($"what to do: {failure.Advice}");
        if (failure.Log is not { Count: > 0 } log) return;
        console.Say("the end of its log:");
        foreach (var line in log) console.Say($"  {line}");
    }
}
