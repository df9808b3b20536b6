using System.CommandLine;
using KdService.Cli.Demo;
using KdService.Cli.Display;
using KdService.Cli.Local;

namespace KdService.Cli.Commands;

/// <summary><c>kd demo</c>: the whole way of a job, from HTTP to a trained student, in a few minutes.</summary>
public static class DemoCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var data = new Option<DirectoryInfo?>("--data") { Description = "The folder in which cifar-10-batches-bin lies; KD_DATA when left out. Without CIFAR-10, pictures are drawn." };
        var keep = new Option<bool>("--keep") { Description = "Leave the service running at the end." };
        var epochs = new Option<int>("--epochs") { Description = "Epochs of each network.", DefaultValueFactory = _ => 10 };
        epochs.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !(int.TryParse(text, out var number) && number is >= 2 and <= 1000))
                result.AddError($"--epochs: {text} given; a number from 2 to 1000");
        });
        var command = new Command("demo", "Start a service here and train one student in four ways from one teacher; a few minutes.") { data, keep, epochs };
        command.SetAction((parsed, cancel) =>
            Run(parsed.GetValue(data)?.FullName ?? DataRoot.Default, parsed.GetValue(keep), parsed.GetValue(epochs), cancel));
        return command;
    }

    private static async Task<int> Run(string data, bool keep, int epochs, CancellationToken cancel)
    {
        var begun = DateTimeOffset.UtcNow;
        var found = DataRoot.Has(DemoSpecs.Cifar, data);
        var dataset = found ? DemoSpecs.Cifar : DemoSpecs.Drawn;
        Terminal.Out.Say(found ? $"data: CIFAR-10 in {data}" : $"data: drawn pictures (no CIFAR-10 in {data}; --data names another folder)");

        await using var service = await DemoService.Start(Path.GetFullPath(data), cancel);
        Terminal.Out.Say($"service: {service.Client.Address} (Swagger UI at {service.Client.Address}swagger)");
        var run = new DemoRun(service.Client, Terminal.Out);
        var jobs = await run.Run(DemoSpecs.All(dataset, epochs), cancel);
        if (!run.Conclude(jobs)) return ExitCodes.JobFailed;

        var results = Path.Combine("out", "demo");
        await run.Fetch(jobs, results, cancel);
        Terminal.Out.Say($"done in {Units.Duration((DateTimeOffset.UtcNow - begun).TotalSeconds)}; weights (safetensors) and reports: {results}");
        if (keep)
        {
            service.Keep();
            Terminal.Out.Say($"still running: {service.Client.Address} shows the jobs, {service.Client.Address}swagger the API; KD_URL={service.Client.Address} ./kd jobs");
            Terminal.Out.Say($"to stop it and remove what it keeps: kill {service.ProcessId}; rm -r {service.StateDirectory}");
        }
        else
        {
            Terminal.Out.Say("look around: ./kd demo --keep leaves the service and its Swagger UI running, ./kd serve starts one of your own");
        }
        return ExitCodes.Done;
    }
}
