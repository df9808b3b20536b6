using System.CommandLine;
using KdService.Cli.Display;
using KdService.Cli.Service;
using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Core.Wire;

namespace KdService.Cli.Commands;

/// <summary><c>kd watch</c>: follows a job until it ends.</summary>
public static class WatchCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var id = new Argument<string>("job") { Description = "The job's id." };
        var command = new Command("watch", "Follow a job until it ends; Ctrl-C ends the watch, not the job.") { id, CommandLine.Json };
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = ServiceClient.FromEnvironment();
            return await Follow(client, parsed.GetRequiredValue(id), parsed.GetValue(CommandLine.Json), cancel);
        });
        return command;
    }

    /// <summary>Follows a job: its events as JSON, one a line, or a progress display and its results.</summary>
    internal static async Task<int> Follow(ServiceClient client, string id, bool json, CancellationToken cancel)
    {
        var follower = new JobFollower(client);
        var job = json
            ? await follower.Follow(id, null, item => Terminal.Out.Say(Json.Write(item)), cancel)
            : await ProgressDisplay.During(Terminal.Out, display => follower.Follow(id, job => display.Show(ProgressRow.Of(job)), null, cancel));
        if (!json) Conclude(job);
        return job.Status == JobState.Succeeded ? ExitCodes.Done : ExitCodes.JobFailed;
    }

    private static void Conclude(JobView job)
    {
        if (job.Failure is { } failure) Problems.Write(Terminal.Error, job.Name, failure);
        if (job is not { Status: JobState.Succeeded, Report: { } report }) return;
        if (report.Models.Count > 0) Terminal.Out.Write(ResultsTable.Of([new Result(job.Method, report)]));
        Terminal.Out.Say($"kd fetch {job.Id} downloads its artifacts");
    }
}
