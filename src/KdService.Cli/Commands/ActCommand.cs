using System.CommandLine;
using KdService.Cli.Display;
using KdService.Cli.Service;
using KdService.Core.Schema;

namespace KdService.Cli.Commands;

/// <summary><c>kd cancel</c>, <c>pause</c>, <c>resume</c> and <c>retry</c>.</summary>
public static class ActCommand
{
    /// <summary>The command for one action.</summary>
    public static Command Create(JobAction action, string description)
    {
        var ids = new Argument<string[]>("job") { Description = "The job's id; several may be given.", Arity = ArgumentArity.OneOrMore };
        var command = new Command(Json.Naming.ConvertName(action.ToString()), description) { ids, CommandLine.Json };
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = ServiceClient.FromEnvironment();
            foreach (var id in parsed.GetRequiredValue(ids))
            {
                var job = await client.Act(id, action, cancel);
                Terminal.Out.Say(parsed.GetValue(CommandLine.Json) ? Json.Write(job) : $"{job.Id} {ProgressRow.StateName(job.Status)}");
            }
            return ExitCodes.Done;
        });
        return command;
    }
}
