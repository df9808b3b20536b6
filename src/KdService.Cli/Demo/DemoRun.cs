using System.Text;
using KdService.Cli.Commands;
using KdService.Cli.Display;
using KdService.Cli.Service;
using KdService.Core;
using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Core.Wire;
using Spectre.Console;

namespace KdService.Cli.Demo;

/// <summary>Submits the demo's jobs to a service, follows them all and shows what came of them.</summary>
public sealed class DemoRun(ServiceClient client, IAnsiConsole console)
{
    /// <summary>Runs the jobs to their ends.</summary>
    /// <returns>Every job, the teacher first.</returns>
    public async Task<IReadOnlyList<JobView>> Run(IReadOnlyList<JobSpec> specs, CancellationToken cancel)
    {
        List<JobView> submitted = [];
        foreach (var spec in specs)
            submitted.Add(await client.Submit(Encoding.UTF8.GetBytes(Json.Write(spec)), SortableId.New(), cancel));
        var ids = submitted.Select(job => job.TeacherJob).OfType<string>().Concat(submitted.Select(job => job.Id)).Distinct().ToList();
        var follower = new JobFollower(client);
        return await ProgressDisplay.During(console, async display =>
        {
            // Shown once in this order, they stay in it.
            foreach (var id in ids) display.Show(ProgressRow.Of(await client.Job(id, cancel)));
            return await Task.WhenAll(ids.Select(id => follower.Follow(id, job => display.Show(ProgressRow.Of(job)), null, cancel)));
        });
    }

    /// <summary>Prints the table of results, or why jobs failed.</summary>
    /// <returns>Whether every job succeeded.</returns>
    public bool Conclude(IReadOnlyList<JobView> jobs)
    {
        var succeeded = jobs.Where(job => job is { Status: JobState.Succeeded, Report: not null }).ToList();
        if (succeeded.Count > 0)
            console.Write(ResultsTable.Of([.. succeeded.Select(job => new Result(Trained(job, jobs), job.Report!))]));
        foreach (var job in jobs.Where(job => job.Failure is not null)) Problems.Write(console, job.Name, job.Failure!);
        return succeeded.Count == jobs.Count;
    }

    private static string Trained(JobView job, IReadOnlyList<JobView> jobs) =>
        job.Teacher is not null ? $"by {job.Method}" : jobs.Any(other => other.TeacherJob == job.Id) ? "as the teacher" : "alone";

    /// <summary>Downloads every job's artifacts.</summary>
    public async Task Fetch(IReadOnlyList<JobView> jobs, string folder, CancellationToken cancel)
    {
        foreach (var job in jobs)
            await FetchCommand.Fetch(client, job.Id, Path.Combine(folder, job.Name.Replace(' ', '-')), [], cancel);
    }
}
