using System.CommandLine;
using KdService.Cli.Display;
using KdService.Cli.Service;
using KdService.Core;
using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Core.Wire;
using Spectre.Console;

namespace KdService.Cli.Commands;

/// <summary><c>kd benchmark</c> and <c>kd benchmarks</c>: comparisons of many jobs.</summary>
public static class BenchmarkCommands
{
    /// <summary>The forms of the report that <c>--out</c> writes, and the names of their files.</summary>
    private static readonly (string Format, string File)[] Reports = [("json", "report.json"), ("csv", "report.csv"), ("markdown", "report.md"), ("html", "report.html")];

    /// <summary><c>kd benchmarks</c>.</summary>
    public static Command List()
    {
        var limit = new Option<int>("--limit") { Description = "At most so many.", DefaultValueFactory = _ => 20 };
        limit.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !(int.TryParse(text, out var number) && number > 0))
                result.AddError($"--limit: {text} given; a number from 1");
        });
        var command = new Command("benchmarks", "List benchmarks, newest first.") { limit, CommandLine.Json };
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = ServiceClient.FromEnvironment();
            var benchmarks = await client.Benchmarks(parsed.GetValue(limit), cancel);
            if (parsed.GetValue(CommandLine.Json)) Terminal.Out.Say(Json.Write(benchmarks, indented: true));
            else Terminal.Out.Write(BenchmarkTables.Of(benchmarks, DateTimeOffset.UtcNow));
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary><c>kd benchmark</c>.</summary>
    public static Command Benchmark()
    {
        var file = new Argument<string>("benchmark") { Description = "A benchmark in JSON (- reads standard input), or the id of one that was submitted." };
        var key = new Option<string?>("--idempotency-key") { Description = "Submitting again with the same key gives the same benchmark; a fresh key when left out." };
        var folder = new Option<DirectoryInfo?>("--out", "-o") { Description = "At the end, write the report there: report.json, .csv, .md and .html." };
        var end = new Option<bool>("--cancel") { Description = "Cancel its jobs and submit no more." };
        var command = new Command("benchmark", "Submit a benchmark and follow it until it ends; Ctrl-C ends the watch, not the benchmark.") { file, key, folder, end, CommandLine.Json };
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = ServiceClient.FromEnvironment();
            var id = await Find(client, parsed.GetRequiredValue(file), parsed.GetValue(key), cancel);
            if (parsed.GetValue(end)) await client.CancelBenchmark(id, cancel);
            var json = parsed.GetValue(CommandLine.Json);
            var benchmark = await Follow(client, id, json, cancel);
            if (json) Terminal.Out.Say(Json.Write(benchmark, indented: true));
            else Conclude(benchmark);
            if (parsed.GetValue(folder) is { } reports) await Write(client, id, reports.FullName, cancel);
            return benchmark.Cells!.All(cell => cell.Status == JobState.Succeeded) ? ExitCodes.Done : ExitCodes.JobFailed;
        });
        return command;
    }

    /// <summary>The benchmark that an argument names; a file is submitted.</summary>
    private static async Task<string> Find(ServiceClient client, string given, string? key, CancellationToken cancel)
    {
        if (SortableId.IsValid(given) && !File.Exists(given)) return given;
        var submitted = await client.SubmitBenchmark(await SpecFile.Read(given, cancel), key ?? SortableId.New(), cancel);
        Terminal.Error.Say($"benchmark {submitted.Id}: {submitted.Cells!.Count} jobs in {submitted.Rows!.Count} rows");
        return submitted.Id;
    }

    /// <summary>Follows a benchmark: its table filling up on a terminal, a line per change elsewhere.</summary>
    private static async Task<BenchmarkView> Follow(ServiceClient client, string id, bool quiet, CancellationToken cancel)
    {
        var (follower, console) = (new BenchmarkFollower(client), Terminal.Out);
        if (!quiet && console.Profile.Capabilities is { Interactive: true, Ansi: true } && console.Profile.Out.IsTerminal)
        {
            return await console.Live(new Spectre.Console.Text("")).AutoClear(true).StartAsync(live => follower.Follow(id, now =>
            {
                live.UpdateTarget(BenchmarkTables.Of(now));
                live.Refresh();
            }, cancel));
        }
        var said = "";
        return await follower.Follow(id, now =>
        {
            var counts = string.Join(' ', now.Jobs);
            if (quiet || counts == said) return;
            said = counts;
            console.Say(BenchmarkTables.Line(now));
        }, cancel);
    }

    private static void Conclude(BenchmarkView benchmark)
    {
        Terminal.Out.Write(BenchmarkTables.Of(benchmark));
        foreach (var cell in benchmark.Cells!.Where(cell => cell.Failure is not null))
            Problems.Write(Terminal.Error, $"{cell.Row}, seed {cell.Seed}", cell.Failure!);
    }

    private static async Task Write(ServiceClient client, string id, string folder, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        foreach (var (format, file) in Reports)
        {
            var path = Path.Combine(folder, file);
            await File.WriteAllBytesAsync(path, await client.BenchmarkReport(id, format, cancel), cancel);
            Terminal.Error.Say(Path.GetRelativePath(Environment.CurrentDirectory, path));
        }
    }
}
