using System.CommandLine;
using System.CommandLine.Parsing;
using KdService.Cli.Display;
using KdService.Cli.Service;
using KdService.Core.Jobs;
using KdService.Core.Schema;

namespace KdService.Cli.Commands;

/// <summary><c>kd jobs</c>: lists jobs.</summary>
public static class JobsCommand
{
    private static readonly Dictionary<string, JobState> States = Enum.GetValues<JobState>().ToDictionary(state => Json.Naming.ConvertName($"{state}"));

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var status = new Option<JobState[]>("--status")
        {
            Description = $"Only jobs in this state, one of {string.Join(", ", States.Keys)}; may be repeated.",
            AllowMultipleArgumentsPerToken = true,
            CustomParser = ReadStates,
        };
        var method = new Option<string?>("--method") { Description = "Only this method." };
        var dataset = new Option<string?>("--dataset") { Description = "Only this data set." };
        var student = new Option<string?>("--student") { Description = "Only jobs that train this network." };
        var name = new Option<string?>("--name") { Description = "Only jobs whose name has this in it, in upper or lower case." };
        var label = new Option<string[]>("--label") { Description = "Only jobs with this label, key=value; may be repeated." };
        var limit = new Option<int>("--limit") { Description = "At most so many.", DefaultValueFactory = _ => 20 };
        limit.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !(int.TryParse(text, out var number) && number > 0))
                result.AddError($"--limit: {text} given; a number from 1");
        });
        var command = new Command("jobs", "List jobs, newest first.") { status, method, dataset, student, name, label, limit, CommandLine.Json };
        command.SetAction(async (parsed, cancel) =>
        {
            var filter = new JobFilter
            {
                Status = parsed.GetValue(status) ?? [],
                Method = parsed.GetValue(method),
                Dataset = parsed.GetValue(dataset),
                Student = parsed.GetValue(student),
                Name = parsed.GetValue(name),
                Labels = parsed.GetValue(label) ?? [],
            };
            using var client = ServiceClient.FromEnvironment();
            var jobs = await client.Jobs(filter, parsed.GetValue(limit), cancel);
            if (parsed.GetValue(CommandLine.Json)) Terminal.Out.Say(Json.Write(jobs, indented: true));
            else Terminal.Out.Write(JobsTable.Of(jobs, DateTimeOffset.UtcNow));
            return ExitCodes.Done;
        });
        return command;
    }

    private static JobState[] ReadStates(ArgumentResult given)
    {
        foreach (var unknown in given.Tokens.Where(token => !States.ContainsKey(token.Value)))
            given.AddError($"--status: {unknown.Value} given; one of {string.Join(", ", States.Keys)}");
        return [.. given.Tokens.Where(token => States.ContainsKey(token.Value)).Select(token => States[token.Value])];
    }
}
