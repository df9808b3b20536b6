using System.CommandLine;
using KdService.Cli.Display;
using KdService.Cli.Service;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;
using Spectre.Console;

namespace KdService.Cli.Commands;

/// <summary><c>kd validate</c>: says what a spec would do, or everything that is wrong with it.</summary>
public static class ValidateCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var spec = SpecFile.Argument();
        var command = new Command("validate", "Print a spec's plan and its cost, or every problem with it; nothing is run.") { spec, CommandLine.Json };
        command.SetAction(async (parsed, cancel) =>
        {
            var bytes = await SpecFile.Read(parsed.GetRequiredValue(spec), cancel);
            using var client = ServiceClient.FromEnvironment();
            var view = await client.Validate(bytes, cancel);
            if (parsed.GetValue(CommandLine.Json))
            {
                Terminal.Out.Say(Json.Write(view, indented: true));
                return ExitCodes.Done;
            }
            if (view is { TeacherPlan: { } plan, TeacherEstimate: { } estimate }) Write(Terminal.Out, "teacher", plan, estimate);
            Write(Terminal.Out, view.Spec.DisplayName, view.Plan, view.Estimate);
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>A plan's stages and its estimate.</summary>
    public static void Write(IAnsiConsole console, string title, Plan plan, Estimate estimate)
    {
        console.Say($"{title}: about {Units.Duration(estimate.Seconds)} on {estimate.Threads} CPU threads, "
            + $"{Units.Bytes(estimate.MemoryBytes)} of memory, {Units.Bytes(estimate.DiskBytes)} on disk, {Units.Count(estimate.Steps)} steps");
        foreach (var stage in plan.Stages)
        {
            var model = plan.Model(stage.Trains);
            var teacher = stage.Curriculum is { } curriculum ? $", taught by {plan.Model(curriculum.Source).Architecture}" : "";
            console.Say($"  {stage.Name}: {stage.Epochs} epochs of {model.Architecture} ({Units.Count(model.Parameters)} parameters), "
                + $"{string.Join(" + ", stage.Losses.Select(term => Union.Case(term.Objective.GetType()).Name))}{teacher}");
        }
    }
}
