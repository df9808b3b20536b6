using System.CommandLine;
using KdService.Cli.Display;
using KdService.Cli.Local;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Cli.Commands;

/// <summary><c>kd run</c>: one job here, with no service and no database.</summary>
public static class RunCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var spec = SpecFile.Argument();
        var destination = new Option<DirectoryInfo?>("--out", "-o") { Description = "The folder for results and checkpoints; out/<the spec's name> when left out." };
        var data = new Option<DirectoryInfo?>("--data") { Description = "The folder in which data sets lie; KD_DATA, or else data/datasets, when left out." };
        var device = new Option<string>("--device") { Description = "cpu, cuda:0, ...", DefaultValueFactory = _ => "cpu" };
        var command = new Command("run", "Run a spec here, with no service; Ctrl-C leaves a checkpoint, the same command goes on from it.")
        {
            spec, destination, data, device,
        };
        command.SetAction((parsed, stop) =>
        {
            var path = parsed.GetRequiredValue(spec);
            return Run(path, parsed.GetValue(destination)?.FullName ?? Path.Combine("out", path == "-" ? "spec" : Path.GetFileNameWithoutExtension(path)),
                parsed.GetValue(data)?.FullName ?? DataRoot.Default, parsed.GetRequiredValue(device), stop);
        });
        return command;
    }

    private static async Task<int> Run(string path, string destination, string data, string device, CancellationToken stop)
    {
        var spec = DataRoot.Counted(SpecValidation.ReadOrThrow(await SpecFile.Read(path, stop)), data);
        var (resolved, models) = LocalModels.Of(spec);
        // What does not fit is said before anything runs.
        if (models.Facts.Count > 0 && resolved.Teacher?.Job is null) PlanBuilder.Compile(resolved, models: models.Facts);
        var dataset = ImportsOfSpec.Resolve(resolved, models.Facts, inherited: null, new ProblemList());
        DataRoot.Require(dataset, data);
        foreach (var (index, other) in spec.Evaluation.AlsoOn.Index().Where(other => !other.Item.Optional)) DataRoot.RequireTest($"evaluation.also_on.{index}.dataset", other.For(dataset), data);
        var run = new LocalRun { Trainer = Programs.Trainer, Out = destination, DataRoot = data, Device = device, Models = models };
        try
        {
            var results = await ProgressDisplay.During(Terminal.Out, display => run.Run(resolved, display, stop));
            Terminal.Out.Write(ResultsTable.Of(results));
            Terminal.Out.Say($"artifacts and report: {destination}");
            return ExitCodes.Done;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Terminal.Error.Say($"stopped; the same command goes on from the last checkpoint in {destination}");
            return ExitCodes.Stopped;
        }
    }
}
