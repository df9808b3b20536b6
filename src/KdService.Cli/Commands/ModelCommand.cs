using System.CommandLine;
using KdService.Cli.Display;
using KdService.Cli.Service;
using KdService.Core.Schema;
using KdService.Core.Weights;
using KdService.Text.Folders;

namespace KdService.Cli.Commands;

/// <summary><c>kd model</c>: models with their weights, from Hugging Face folders.</summary>
public static class ModelCommand
{
    /// <summary>The command.</summary>
    public static Command Create() => new("model", "Models with their weights: import a Hugging Face folder, show or delete one. kd models lists them.") { Import(), Show(), Delete() };

    private static Command Import()
    {
        var folder = new Argument<DirectoryInfo>("folder") { Description = "A folder with config.json, model.safetensors and a tokenizer's files." };
        var name = new Option<string?>("--name") { Description = "What to call the model; the folder's own name when left out." };
        var command = new Command("import", "Import a Hugging Face folder; prints the id by which specs name the model.") { folder, name, CommandLine.Json };
        command.SetAction(async (parsed, cancel) =>
        {
            var path = parsed.GetRequiredValue(folder).FullName;
            if (!Directory.Exists(path)) throw new CommandFailedException($"{path}: there is no such folder");
            var facts = Read(path);
            using var client = ServiceClient.FromEnvironment();
            var model = await client.ImportModel(path, facts.Files, parsed.GetValue(name) ?? NameOf(path), cancel);
            if (parsed.GetValue(name) is { } asked && asked != model.Name) Terminal.Error.Say($"kd: the same folder has been imported before, and is called {model.Name}");
            Terminal.Out.Say(parsed.GetValue(CommandLine.Json) ? Json.Write(model, indented: true) : model.Imported!.Id);
            return ExitCodes.Done;
        });
        return command;
    }

    // What the service takes for a name; null leaves it to the service.
    private static string? NameOf(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)) is { Length: > 0 and <= 100 } name && !name.Any(char.IsControl) ? name : null;

    private static Command Show()
    {
        var id = new Argument<string>("model") { Description = "The id of an imported model, or the name of a network." };
        var command = new Command("show", "Show one model as JSON.") { id };
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = ServiceClient.FromEnvironment();
            Terminal.Out.Say(Json.Write(await client.Model(parsed.GetRequiredValue(id), cancel), indented: true));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Delete()
    {
        var id = new Argument<string>("model") { Description = "The model's id." };
        var command = new Command("delete", "Remove an imported model from the service.") { id };
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = ServiceClient.FromEnvironment();
            await client.DeleteModel(parsed.GetRequiredValue(id), cancel);
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>Looks through a folder here, before anything of it is sent.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="pointer">JSON pointer to where a spec names it; empty outside of specs.</param>
    /// <exception cref="InvalidDocumentException">It cannot be served; carries every problem, at the names of files.</exception>
    internal static ImportedModel Read(string folder, string pointer = "")
    {
        var problems = new ProblemList();
        return ModelFolder.Read(folder, problems.At(pointer)) ?? throw new InvalidDocumentException(problems.Items);
    }
}
