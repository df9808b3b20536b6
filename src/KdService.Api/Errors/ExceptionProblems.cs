using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Core.Wire;
using KdService.Jobs;
using KdService.Jobs.Benchmarks;
using KdService.Jobs.Models;
using Npgsql;

namespace KdService.Api.Errors;

/// <summary>The one table from exceptions to problems.</summary>
public static class ExceptionProblems
{
    private static readonly JobTrigger[] UserTriggers = [JobTrigger.Cancel, JobTrigger.Pause, JobTrigger.Resume, JobTrigger.Retry];

    /// <summary>The problem that an exception is answered with; what is not a user's mistake says nothing of our inside.</summary>
    public static ProblemView Describe(Exception fault) => fault switch
    {
        RequestException request => request.Kind.Describe(request.Message, request.Errors),
        InvalidDocumentException invalid => ProblemKind.InvalidDocument.Describe(Count(invalid.Problems), invalid.Problems),
        JobNotFoundException missing => ProblemKind.JobNotFound.Describe(missing.Message),
        ScheduleNotFoundException missing => ProblemKind.ScheduleNotFound.Describe(missing.Message),
        BenchmarkNotFoundException missing => ProblemKind.BenchmarkNotFound.Describe(missing.Message),
        ModelNotFoundException missing => ProblemKind.ModelNotFound.Describe(missing.Message),
        ModelInUseException needed => ProblemKind.ModelInUse.Describe(needed.Message),
        IdempotencyConflictException conflict => ProblemKind.IdempotencyConflict.Describe(conflict.Message),
        NotDiagnosableException refused => ProblemKind.NotDiagnosable.Describe(refused.Message),
        InvalidTransitionException refused => ProblemKind.InvalidTransition.Describe(refused.Message) with
        {
            State = refused.State,
            Allowed = [.. UserTriggers.Where(trigger => JobTransitions.Next(refused.State, trigger) is not null).Select(trigger => Json.Naming.ConvertName($"{trigger}"))],
        },
        NpgsqlException { IsTransient: true } => ProblemKind.Unavailable.Describe("the database does not answer; try again in a few seconds"),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
            ProblemKind.BodyTooLarge.Describe($"a body has at most {DocumentReader.MaxBytes} bytes"),
        BadHttpRequestException bad => ProblemKind.ForStatus(bad.StatusCode).Describe(bad.Message),
        _ => ProblemKind.InternalError.Describe("this is a fault of the service, not of the request; its log tells more under the trace id"),
    };

    private static string Count(IReadOnlyList<Problem> problems) =>
        problems.Count == 1 ? $"{problems[0]}" : $"{problems.Count} problems; errors lists each";
}
