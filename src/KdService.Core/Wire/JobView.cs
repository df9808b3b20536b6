using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Specs;

namespace KdService.Core.Wire;

/// <summary>A job as the API shows it.</summary>
public sealed record JobView
{
    /// <summary>The job's id; sorts by the time of submission.</summary>
    public required string Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required JobState Status { get; init; }

    /// <summary>Its labels.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>The queue it waits in.</summary>
    public required string Queue { get; init; }

    /// <summary>The method's name.</summary>
    public required string Method { get; init; }

    /// <summary>The data set's name.</summary>
    public required string Dataset { get; init; }

    /// <summary>The student's network.</summary>
    public required string Student { get; init; }

    /// <summary>The teacher's network; null without a teacher.</summary>
    public string? Teacher { get; init; }

    /// <summary>The job that trains or trained the teacher.</summary>
    public string? TeacherJob { get; init; }

    /// <summary>The finished job that this one diagnoses instead of training; null for all others.</summary>
    public string? Diagnoses { get; init; }

    /// <summary>Attempts so far.</summary>
    public required int Attempt { get; init; }

    /// <summary>The most attempts.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>The node of the current or last attempt.</summary>
    public string? Node { get; init; }

    /// <summary>When it was submitted.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its first attempt began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it reached a terminal state.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>How far it is.</summary>
    public Progress? Progress { get; init; }

    /// <summary>The latest value of each metric series.</summary>
    public IReadOnlyDictionary<string, double>? Metrics { get; init; }

    /// <summary>What the job's own network was last worth on the selection split; null before its first evaluation.</summary>
    public SelectionScore? Selection => SelectionScore.In(Metrics);

    /// <summary>When it should be done, from the pace so far.</summary>
    public DateTimeOffset? EstimatedFinishAt { get; init; }

    /// <summary>Why it failed.</summary>
    public FailureView? Failure { get; init; }

    /// <summary>What came of it; only in the view of a single job.</summary>
    public RunReport? Report { get; init; }

    /// <summary>The spec with every default filled in; only in the view of a single job.</summary>
    public JobSpec? Spec { get; init; }

    /// <summary>The plan it compiled to; only in the view of a single job.</summary>
    public Plan? Plan { get; init; }
}

/// <summary>Why a job failed and what to do.</summary>
public sealed record FailureView
{
    /// <summary>A stable code.</summary>
    public required FailureCode Code { get; init; }

    /// <summary>What happened.</summary>
    public required string Message { get; init; }

    /// <summary>What to do.</summary>
    public required string Advice { get; init; }

    /// <summary>The step at which it happened, if training had begun.</summary>
    public long? Step { get; init; }

    /// <summary>The last lines of the trainer's log; only in the view of a single job.</summary>
    public IReadOnlyList<string>? Log { get; init; }
}

/// <summary>A page of a list.</summary>
/// <param name="Items">The items.</param>
/// <param name="Next">Cursor of the next page; null on the last.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>What validation says.</summary>
public sealed record ValidationView
{
    /// <summary>The plan that the spec compiles to.</summary>
    public required Plan Plan { get; init; }

    /// <summary>The plan of the teacher's own job, when the spec gives a recipe and no equal job has succeeded.</summary>
    public Plan? TeacherPlan { get; init; }

    /// <summary>What the plan will cost.</summary>
    public required Estimate Estimate { get; init; }

    /// <summary>What the teacher's own job will cost.</summary>
    public Estimate? TeacherEstimate { get; init; }

    /// <summary>The spec with every default filled in.</summary>
    public required JobSpec Spec { get; init; }
}
