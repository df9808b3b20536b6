using System.CommandLine;
using System.CommandLine.Invocation;
using KdService.Cli.Display;
using KdService.Cli.Local;
using KdService.Cli.Service;

namespace KdService.Cli.Commands;

/// <summary>The commands of <c>kd</c>, and how each of their failures becomes words and an exit status.</summary>
public static class CommandLine
{
    /// <summary>Print JSON for programs instead of tables for people.</summary>
    public static Option<bool> Json { get; } = new("--json") { Description = "Print JSON, for scripts." };

    /// <summary>Every command.</summary>
    public static RootCommand Root { get; } = new("""
        Knowledge distillation as a service: trains small networks from large ones.

        Commands that talk to a service use KD_URL (default http://127.0.0.1:5080) and KD_API_KEY.
        The script ./kd knows these too: serve (the service alone), test [filter] (all tests), bench [name] (benchmarks).

        Exit status: 0 done; 1 the job failed or was cancelled; 2 wrong command line; 3 refused, problems printed;
        4 no service, or its fault; 75 stopped, the same command goes on; 130 interrupted.
        """)
    {
        DemoCommand.Create(),
        RunCommand.Create(),
        SubmitCommand.Create(),
        ValidateCommand.Create(),
        JobsCommand.Create(),
        WatchCommand.Create(),
        ActCommand.Create(JobAction.Cancel, "End a job."),
        ActCommand.Create(JobAction.Pause, "Stop a job with a checkpoint, to be resumed."),
        ActCommand.Create(JobAction.Resume, "Go on with a paused job."),
        ActCommand.Create(JobAction.Retry, "Try a failed or cancelled job again, from its last checkpoint."),
        LogCommand.Create(),
        DiagnoseCommand.Create(),
        FetchCommand.Create(),
        BenchmarkCommands.Benchmark(),
        BenchmarkCommands.List(),
        ScheduleCommands.List(),
        ScheduleCommands.Schedule(),
        CatalogueCommands.Methods(),
        CatalogueCommands.Models(),
        ModelCommand.Create(),
        CatalogueCommands.Datasets(),
        DocsCommand.Create(),
    };

    /// <summary>Runs a command line.</summary>
    public static async Task<int> Run(string[] arguments)
    {
        using var interruption = new Interruption();
        // kd help COMMAND is kd COMMAND --help.
        var parsed = Root.Parse(arguments is ["help", .. var command] ? [.. command, "--help"] : arguments);
        // What is wrong is easier to see without a page of help beneath it; kd alone still prints the page.
        if (parsed.Action is ParseErrorAction complaint && arguments.Length > 0) complaint.ShowHelp = false;
        // Signals are ours to handle: the library would end the process after two seconds, before a checkpoint is written.
        var invocation = new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false };
        try
        {
            var status = await parsed.InvokeAsync(invocation, interruption.Token);
            return parsed.Errors.Count > 0 ? ExitCodes.Usage : status;
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            Terminal.Error.Say("kd: interrupted");
            return ExitCodes.Interrupted;
        }
        catch (CommandFailedException failed)
        {
            Terminal.Error.Say($"kd: {failed.Message}");
            return failed.ExitCode;
        }
        catch (RunFailedException failed)
        {
            Problems.Write(Terminal.Error, failed.Title, failed.Failure);
            return ExitCodes.JobFailed;
        }
        catch (ServiceProblemException refused)
        {
            Problems.Write(Terminal.Error, refused.Problem);
            return refused.Problem.Status is >= 400 and < 500 ? ExitCodes.Refused : ExitCodes.Unavailable;
        }
        catch (ServiceUnreachableException lost)
        {
            Terminal.Error.Say($"kd: {lost.Message}");
            return ExitCodes.Unavailable;
        }
        catch (Exception disk) when (disk is IOException or UnauthorizedAccessException)
        {
            // A full disk, a folder that may not be written: the system's own words name the file.
            Terminal.Error.Say($"kd: {disk.Message}");
            return ExitCodes.Usage;
        }
        catch (Core.Schema.InvalidDocumentException invalid)
        {
            Problems.Write(Terminal.Error, invalid.Problems);
            return ExitCodes.Refused;
        }
    }
}
