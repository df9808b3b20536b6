using System.CommandLine;
using KdService.Cli.Display;
using KdService.Cli.Service;

namespace KdService.Cli.Commands;

/// <summary><c>kd log</c>: the last lines that a job's trainer wrote.</summary>
public static class LogCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var id = new Argument<string>("job") { Description = "The job's id." };
        var attempt = new Option<int?>("--attempt") { Description = "The attempt, from 1; the last that has ended when left out." };
        var command = new Command("log", "Print the last lines of the trainer's log, kept when an attempt ends.") { id, attempt };
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = ServiceClient.FromEnvironment();
            var log = await client.Log(parsed.GetRequiredValue(id), parsed.GetValue(attempt), cancel);
            if (log.Length > 0) Terminal.Out.Say(log.TrimEnd('\n'));
            else Terminal.Error.Say("kd: no log yet: it is kept when an attempt ends; kd watch shows how far the job is");
            return ExitCodes.Done;
        });
        return command;
    }
}
