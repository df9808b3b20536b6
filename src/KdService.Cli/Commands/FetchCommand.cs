using System.CommandLine;
using KdService.Cli.Display;
using KdService.Cli.Service;

namespace KdService.Cli.Commands;

/// <summary><c>kd fetch</c>: downloads what a job made.</summary>
public static class FetchCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var id = new Argument<string>("job") { Description = "The job's id." };
        var destination = new Option<DirectoryInfo?>("--out", "-o") { Description = "The folder to write to; one named by the job's id when left out." };
        var only = new Option<string[]>("--name") { Description = "Only the artifact of this name; may be repeated." };
        var command = new Command("fetch", "Download a job's artifacts; goes on where it stopped and checks every sha256.") { id, destination, only };
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = ServiceClient.FromEnvironment();
            var job = parsed.GetRequiredValue(id);
            var folder = parsed.GetValue(destination)?.FullName ?? Path.GetFullPath(job);
            foreach (var (path, bytes) in await Fetch(client, job, folder, parsed.GetValue(only) ?? [], cancel))
                Terminal.Out.Say($"{Path.GetRelativePath(Environment.CurrentDirectory, path)}  {Units.Bytes(bytes)}");
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>Downloads a job's artifacts into a folder.</summary>
    /// <exception cref="CommandFailedException">There is none of that name, or none at all yet.</exception>
    internal static async Task<IReadOnlyList<(string Path, long Bytes)>> Fetch(
        ServiceClient client, string job, string folder, IReadOnlyList<string> only, CancellationToken cancel)
    {
        var artifacts = await client.Artifacts(job, cancel);
        foreach (var name in only.Where(name => artifacts.All(artifact => artifact.Name != name)))
            throw new CommandFailedException($"--name: {name} given; one of {string.Join(", ", artifacts.Select(artifact => artifact.Name))}");
        if (artifacts.Count == 0) throw new CommandFailedException($"{job} has no artifacts yet", ExitCodes.Refused);
        Directory.CreateDirectory(folder);
        var download = new ArtifactDownload(client);
        List<(string, long)> files = [];
        foreach (var artifact in artifacts.Where(artifact => only.Count == 0 || only.Contains(artifact.Name)))
        {
            var path = ArtifactPath.Within(folder, artifact.Name);
            await download.Fetch(artifact.Url, artifact.Sha256, path, cancel);
            files.Add((path, artifact.Bytes));
        }
        return files;
    }
}
