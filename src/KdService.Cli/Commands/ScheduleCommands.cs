using System.CommandLine;
using KdService.Cli.Display;
using KdService.Cli.Service;
using KdService.Core;
using KdService.Core.Schema;

namespace KdService.Cli.Commands;

/// <summary><c>kd schedules</c> and <c>kd schedule ...</c>: recurring runs.</summary>
public static class ScheduleCommands
{
    /// <summary><c>kd schedules</c>.</summary>
    public static Command List()
    {
        var limit = Limit(20);
        var command = new Command("schedules", "List schedules, newest first, with their next and last runs.") { limit, CommandLine.Json };
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = ServiceClient.FromEnvironment();
            var schedules = await client.Schedules(parsed.GetValue(limit), cancel);
            if (parsed.GetValue(CommandLine.Json)) Terminal.Out.Say(Json.Write(schedules, indented: true));
            else Terminal.Out.Write(ScheduleTables.Of(schedules));
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary><c>kd schedule</c> and what it can do.</summary>
    public static Command Schedule() => new("schedule", "Create a schedule, or do something with one.")
    {
        Create(),
        Runs(),
        Act("run", "Run it now, beside its cron line.", async (client, id, cancel) =>
        {
            var run = await client.RunSchedule(id, cancel);
            return (run, $"{id} run {run.Number} {ScheduleTables.Status(run)}{(run.Job is { } job ? $", job {job}" : "")}{(run.Benchmark is { } benchmark ? $", benchmark {benchmark}" : "")}{(run.Reason is { } reason ? $": {reason}" : "")}");
        }),
        Act("pause", "Let it rest; jobs under way go on.", async (client, id, cancel) => (await client.PauseSchedule(id, true, cancel), $"{id} paused")),
        Act("resume", "Let it fire again.", async (client, id, cancel) => (await client.PauseSchedule(id, false, cancel), $"{id} resumed")),
        Act("delete", "Remove it and the list of its runs; its jobs stay.", async (client, id, cancel) =>
        {
            await client.DeleteSchedule(id, cancel);
            return (new { Id = id }, $"{id} deleted");
        }),
    };

    private static Command Create()
    {
        var file = new Argument<string>("schedule") { Description = "A schedule in JSON; - reads standard input." };
        var key = new Option<string?>("--idempotency-key") { Description = "Creating again with the same key gives the same schedule; a fresh key when left out." };
        var command = new Command("create", "Create a schedule; prints its id.") { file, key, CommandLine.Json };
        command.SetAction(async (parsed, cancel) =>
        {
            var bytes = await SpecFile.Read(parsed.GetRequiredValue(file), cancel);
            using var client = ServiceClient.FromEnvironment();
            var schedule = await client.CreateSchedule(bytes, parsed.GetValue(key) ?? SortableId.New(), cancel);
            Terminal.Out.Say(parsed.GetValue(CommandLine.Json) ? Json.Write(schedule, indented: true) : schedule.Id);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Runs()
    {
        var id = Id();
        var limit = Limit(20);
        var markdown = new Option<bool>("--markdown") { Description = "Print a Markdown table." };
        var command = new Command("runs", "List its runs, the latest first, and how their numbers moved.") { id, limit, markdown, CommandLine.Json };
        command.SetAction(async (parsed, cancel) =>
        {
            var (schedule, most) = (parsed.GetRequiredValue(id), parsed.GetValue(limit));
            using var client = ServiceClient.FromEnvironment();
            if (parsed.GetValue(markdown))
            {
                Terminal.Out.Say(await client.ScheduleRunsMarkdown(schedule, most, cancel));
                return ExitCodes.Done;
            }
            var runs = await client.ScheduleRuns(schedule, most, cancel);
            if (parsed.GetValue(CommandLine.Json))
            {
                Terminal.Out.Say(Json.Write(runs, indented: true));
                return ExitCodes.Done;
            }
            Terminal.Out.Write(ScheduleTables.Of(runs));
            if (runs.Items.Any(run => run.Numbers?.Any(number => number.Outside) == true)) Terminal.Out.Say($"! outside the {runs.Basis}");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Act(string name, string description, Func<ServiceClient, string, CancellationToken, Task<(object View, string Words)>> act)
    {
        var id = Id();
        var command = new Command(name, description) { id, CommandLine.Json };
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = ServiceClient.FromEnvironment();
            var (view, words) = await act(client, parsed.GetRequiredValue(id), cancel);
            Terminal.Out.Say(parsed.GetValue(CommandLine.Json) ? Json.Write(view) : words);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Argument<string> Id() => new("id") { Description = "The schedule's id." };

    private static Option<int> Limit(int fallback)
    {
        var limit = new Option<int>("--limit") { Description = "At most so many, up to 1000.", DefaultValueFactory = _ => fallback };
        limit.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !(int.TryParse(text, out var number) && number is > 0 and <= 1000))
                result.AddError($"--limit: {text} given; a number from 1 to 1000");
        });
        return limit;
    }
}
