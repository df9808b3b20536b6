using KdService.Core.Schema;
using KdService.Core.Wire;

namespace KdService.Api.Errors;

/// <summary>A kind of problem: its name becomes the stable <c>type</c> URI, its status and title never vary.</summary>
public sealed record ProblemKind(string Name, int Status, string Title)
{
    /// <summary>The body cannot be read at all.</summary>
    public static readonly ProblemKind MalformedJson = new("malformed-json", 400, "The body is not valid JSON");

    /// <summary>A query parameter or header is wrong.</summary>
    public static readonly ProblemKind InvalidParameter = new("invalid-parameter", 400, "A parameter of the request is not acceptable");

    /// <summary>The HTTP message itself is wrong.</summary>
    public static readonly ProblemKind BadRequest = new("bad-request", 400, "The request is not valid HTTP");

    /// <summary>No key, or one that is not known.</summary>
    public static readonly ProblemKind Unauthorized = new("unauthorized", 401, "An API key is needed");

    /// <summary>A web page of another site asks.</summary>
    public static readonly ProblemKind ForeignOrigin = new("foreign-origin", 403, "Requests from web pages of other sites are refused");

    /// <summary>No such address.</summary>
    public static readonly ProblemKind NotFound = new("not-found", 404, "There is nothing at this address");

    /// <summary>No such job.</summary>
    public static readonly ProblemKind JobNotFound = new("job-not-found", 404, "There is no such job");

    /// <summary>No such schedule.</summary>
    public static readonly ProblemKind ScheduleNotFound = new("schedule-not-found", 404, "There is no such schedule");

    /// <summary>No such benchmark.</summary>
    public static readonly ProblemKind BenchmarkNotFound = new("benchmark-not-found", 404, "There is no such benchmark");

    /// <summary>No such model.</summary>
    public static readonly ProblemKind ModelNotFound = new("model-not-found", 404, "There is no such model");

    /// <summary>No such artifact.</summary>
    public static readonly ProblemKind ArtifactNotFound = new("artifact-not-found", 404, "There is no such artifact");

    /// <summary>The address exists, but not with this method.</summary>
    public static readonly ProblemKind MethodNotAllowed = new("method-not-allowed", 405, "This address does not take that method");

    /// <summary>An Idempotency-Key came again with another request.</summary>
    public static readonly ProblemKind IdempotencyConflict = new("idempotency-conflict", 409, "The Idempotency-Key was used for another request");

    /// <summary>The job's state does not permit it.</summary>
    public static readonly ProblemKind InvalidTransition = new("invalid-transition", 409, "The job's state does not permit this");

    /// <summary>The job has nothing to diagnose.</summary>
    public static readonly ProblemKind NotDiagnosable = new("not-diagnosable", 409, "This job cannot be diagnosed");

    /// <summary>A job still needs the model.</summary>
    public static readonly ProblemKind ModelInUse = new("model-in-use", 409, "The model is needed by a job");

    /// <summary>The body is too large.</summary>
    public static readonly ProblemKind BodyTooLarge = new("body-too-large", 413, "The body is too large");

    /// <summary>The body is not what the address takes, by its own account.</summary>
    public static readonly ProblemKind UnsupportedMediaType = new("unsupported-media-type", 415, "The body is not of the media type that this address takes");

    /// <summary>The range lies outside the artifact.</summary>
    public static readonly ProblemKind RangeNotSatisfiable = new("range-not-satisfiable", 416, "The range lies outside the artifact");

    /// <summary>The Host header names somebody else.</summary>
    public static readonly ProblemKind MisdirectedHost = new("misdirected-host", 421, "The Host header does not name this service");

    /// <summary>The document is JSON, but what it says cannot be done.</summary>
    public static readonly ProblemKind InvalidDocument = new("invalid-document", 422, "The document is not acceptable");

    /// <summary>A fault of the service.</summary>
    public static readonly ProblemKind InternalError = new("internal-error", 500, "The service made a mistake");

    /// <summary>The service cannot work just now.</summary>
    public static readonly ProblemKind Unavailable = new("unavailable", 503, "The service is not available just now");

    /// <summary>The request took too long.</summary>
    public static readonly ProblemKind Timeout = new("timeout", 504, "The request took too long");

    /// <summary>The URI that programs compare.</summary>
    public string Type => $"urn:kd:problem:{Name}";

    /// <summary>A problem of this kind.</summary>
    public ProblemView Describe(string? detail, IReadOnlyList<Problem>? errors = null) =>
        new() { Type = Type, Title = Title, Status = Status, Detail = detail, Errors = errors };

    /// <summary>The kind for a status that the framework set by itself.</summary>
    public static ProblemKind ForStatus(int status) => status switch
    {
        404 => NotFound,
        405 => MethodNotAllowed,
        413 => BodyTooLarge,
        415 => UnsupportedMediaType,
        416 => RangeNotSatisfiable,
        503 => Unavailable,
        504 => Timeout,
        >= 500 => InternalError,
        _ => BadRequest with { Status = status },
    };
}
