using System.Text.Json;
using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Distillation;
using KdService.Distillation.Training;
using KdService.Trainer;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;

if (args is not [var folder])
{
    Console.Error.WriteLine($"usage: kd-trainer WORKFOLDER, which holds {RunRequest.FileName}");
    return ExitCode.Usage;
}

using var stop = new StopRequests();
using var events = new EventWriter(stop.Request);
RunRequest request;
try
{
    request = Json.Read<RunRequest>(File.ReadAllText(Path.Combine(folder, RunRequest.FileName)));
}
// Whoever starts the trainer writes this file; without it there is no job to speak of, and trying again will not help.
catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
{
    events.Write(new RunFailed { Code = FailureCode.InvalidPlan, Message = $"{Path.Combine(folder, RunRequest.FileName)}: {e.Message}" });
    Console.Error.WriteLine(e);
    return TrainerExit.SpecOrDataAtFault;
}

using var serilog = new LoggerConfiguration()
    .Enrich.WithProperty("JobId", request.JobId)
    .Enrich.WithProperty("Attempt", request.Attempt)
    .WriteTo.Console(standardErrorFromLevel: LogEventLevel.Verbose,
        outputTemplate: "{Timestamp:yyyy-MM-dd HH:mm:ss.fff} {Level:u3} {JobId}#{Attempt} {Message:lj}{NewLine}{Exception}")
    .CreateLogger();
using var loggers = new SerilogLoggerFactory(serilog);
var log = loggers.CreateLogger("trainer");
stop.LogTo(log);

TrainingRun? run = null;
try
{
    var environment = TrainerRuntime.SetUp(request, log);
    run = TrainingRun.Open(request, folder, environment, events.Write, log, stop.Token);
    return run.Execute() ? TrainerExit.Succeeded : TrainerExit.Stopped;
}
// The one place where a run's failure becomes an event and an exit code.
catch (Exception e)
{
    var code = Failures.Code(e);
    // Of what has a code of its own the message says all; where in the program it was found out is for those who mend the program.
    if (e is RunException) log.LogError("failed: {Code}: {Message}", code, e.Message);
    else log.LogError(e, "failed: {Code}", code);
    events.Write(new RunFailed { Code = code, Message = e.Message, Step = (e as RunException)?.Step ?? run?.Step });
    return Failures.Exit(code);
}
finally
{
    run?.Dispose();
}
