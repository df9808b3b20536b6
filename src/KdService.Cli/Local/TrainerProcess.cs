using System.Text.Json;
using KdService.Core.Runs;
using KdService.Core.Schema;

namespace KdService.Cli.Local;

/// <summary>Runs the trainer once over a work folder.</summary>
public static class TrainerProcess
{
    // The trainer promises a checkpoint within 10 s of being asked to stop.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    /// <summary>Starts the trainer and waits for its end.</summary>
    /// <param name="trainer">The program.</param>
    /// <param name="folder">Holds <c>run.json</c>; the log goes here too.</param>
    /// <param name="device">The device of the run; a CPU run is shown no GPU.</param>
    /// <param name="happened">Called with every event, in order.</param>
    /// <param name="stop">Asks the trainer to write a checkpoint and leave.</param>
    /// <returns>One of <see cref="TrainerExit"/>, or what a signal left.</returns>
    public static async Task<int> Run(string trainer, WorkFolder folder, string device, Action<TrainerEvent> happened, CancellationToken stop)
    {
        var environment = new Dictionary<string, string?>();
        if (device == "cpu") environment["CUDA_VISIBLE_DEVICES"] = "";
        await using var log = new StreamWriter(folder.LogFile, append: true) { AutoFlush = true };
        await using var process = ChildProcess.Start(trainer, [folder.Path], Grace, environment);
        var reading = Task.WhenAll(ReadEvents(process.Output, happened, log), CopyLines(process.Error, log));
        try
        {
            await process.WaitForExit(stop);
        }
        catch (OperationCanceledException)
        {
            await process.Stop();
        }
        await reading;
        return await process.WaitForExit(CancellationToken.None);
    }

    /// <summary>The last lines of the trainer's log.</summary>
    public static IReadOnlyList<string> LogTail(WorkFolder folder, int lines) => File.Exists(folder.LogFile) ? [.. File.ReadLines(folder.LogFile).TakeLast(lines)] : [];

    private static async Task ReadEvents(StreamReader output, Action<TrainerEvent> happened, StreamWriter log)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            TrainerEvent item;
            try
            {
                item = Json.Read<TrainerEvent>(line);
            }
            catch (JsonException)
            {
                // Not an event: a library printed to standard output, or the trainer died in the middle of a line.
                WriteLine(log, line);
                continue;
            }
            happened(item);
        }
    }

    private static async Task CopyLines(StreamReader error, StreamWriter log)
    {
        while (await error.ReadLineAsync() is { } line) WriteLine(log, line);
    }

    private static void WriteLine(StreamWriter log, string line)
    {
        lock (log) log.WriteLine(line);
    }
}
