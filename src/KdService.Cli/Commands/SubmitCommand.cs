using System.CommandLine;
using KdService.Cli.Display;
using KdService.Cli.Service;
using KdService.Core;
using KdService.Core.Schema;

namespace KdService.Cli.Commands;

/// <summary><c>kd submit</c>: hands a spec to the service.</summary>
public static class SubmitCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var spec = SpecFile.Argument();
        var key = new Option<string?>("--idempotency-key") { Description = "Submitting again with the same key gives the same job; a fresh key when left out." };
        var watch = new Option<bool>("--watch", "-w") { Description = "Follow the job until it ends." };
        var command = new Command("submit", "Submit a spec to the service; prints the job's id.") { spec, key, watch, CommandLine.Json };
        command.SetAction(async (parsed, cancel) =>
        {
            var bytes = await SpecFile.Read(parsed.GetRequiredValue(spec), cancel);
            using var client = ServiceClient.FromEnvironment();
            var job = await client.Submit(bytes, parsed.GetValue(key) ?? SortableId.New(), cancel);
            var json = parsed.GetValue(CommandLine.Json);
            if (parsed.GetValue(watch)) return await WatchCommand.Follow(client, job.Id, json, cancel);
            Terminal.Out.Say(json ? Json.Write(job, indented: true) : job.Id);
            return ExitCodes.Done;
        });
        return command;
    }
}
