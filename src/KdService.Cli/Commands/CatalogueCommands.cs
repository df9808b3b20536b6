using System.CommandLine;
using KdService.Cli.Display;
using KdService.Cli.Service;
using KdService.Core.Schema;
using Spectre.Console;

namespace KdService.Cli.Commands;

/// <summary><c>kd methods</c>, <c>models</c> and <c>datasets</c>: what specs may name at this service.</summary>
public static class CatalogueCommands
{
    /// <summary>The methods.</summary>
    public static Command Methods() => Create("methods", "List the distillation methods.", (client, cancel) => client.Methods(cancel), ["name", "what it does", "paper"],
        method => [[method.Name, method.Summary, method.Paper ?? ""]]);

    /// <summary>The networks, and the models that were imported.</summary>
    public static Command Models() => Create("models", "List the networks and the imported models.", (client, cancel) => client.Models(cancel), ["name", "imported as", "family", "parameters (classes)", "multiply-adds"],
        model => [[model.Name, model.Imported?.Id ?? "", model.Family, string.Join(", ", model.Parameters.Select(count => $"{Units.Count(count.Value)} ({count.Key})")), Units.Count(model.MultiplyAdds)]]);

    /// <summary>The data sets.</summary>
    public static Command Datasets() => Create("datasets", "List the data sets, and how to get those that are missing.", (client, cancel) => client.Datasets(cancel), ["name", "present", "training", "test", "what it is, or what is missing"],
        dataset =>
        [
            Row(dataset.Name, dataset.Present, dataset.TrainSamples, dataset.TestSamples, dataset.Present ? dataset.Summary : dataset.Problem ?? dataset.HowToGet),
            .. dataset.Variants.Select(variant => Row($"  {variant.Title}", variant.Present, variant.TrainSamples, variant.TestSamples, variant.Problem ?? "")),
        ]);

    private static string[] Row(string name, bool present, int? train, int? test, string words) => [name, present ? "yes" : "no", Number(train), Number(test), words];

    private static string Number(int? samples) => samples is { } known ? Units.Count(known) : "";

    private static Command Create<T>(
        string name, string description, Func<ServiceClient, CancellationToken, Task<IReadOnlyList<T>>> list, string[] columns, Func<T, string[][]> rows)
    {
        var command = new Command(name, description) { CommandLine.Json };
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = ServiceClient.FromEnvironment();
            var items = await list(client, cancel);
            if (parsed.GetValue(CommandLine.Json))
            {
                Terminal.Out.Say(Json.Write(items, indented: true));
                return ExitCodes.Done;
            }
            var table = new Table().NoBorder().AddColumns([.. columns.Select(column => new TableColumn(column))]);
            table.Columns[0].NoWrap();
            foreach (var row in items.SelectMany(rows)) table.AddRow([.. row.Select(Markup.Escape)]);
            Terminal.Out.Write(table);
            return ExitCodes.Done;
        });
        return command;
    }
}
