using System.CommandLine;
using KdService.Cli.Display;
using KdService.Cli.Service;
using KdService.Core.Schema;

namespace KdService.Cli.Commands;

/// <summary><c>kd diagnose</c>: has a finished job's teacher diagnosed.</summary>
public static class DiagnoseCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var id = new Argument<string>("job") { Description = "The finished job's id." };
        var watch = new Option<bool>("--watch", "-w") { Description = "Follow the diagnosis until it ends." };
        var command = new Command("diagnose", "Diagnose a finished job's teacher without training again; prints the diagnosing job's id. fetch JOB then has diagnosis.json and diagnosis.svg.")
        {
            id, watch, CommandLine.Json,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = ServiceClient.FromEnvironment();
            var diagnosis = await client.Diagnose(parsed.GetRequiredValue(id), cancel);
            var json = parsed.GetValue(CommandLine.Json);
            if (parsed.GetValue(watch)) return await WatchCommand.Follow(client, diagnosis.Id, json, cancel);
            Terminal.Out.Say(json ? Json.Write(diagnosis, indented: true) : diagnosis.Id);
            return ExitCodes.Done;
        });
        return command;
    }
}
