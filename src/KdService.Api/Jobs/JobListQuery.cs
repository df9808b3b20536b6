using KdService.Api.Requests;
using KdService.Core;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Methods;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Jobs;

namespace KdService.Api.Jobs;

/// <summary>Which jobs to list.</summary>
public sealed record JobListQuery : IQuery<JobListQuery>
{
    /// <summary>Only jobs in one of these states.</summary>
    [Field("Only jobs in this state; repeat it for any of several.")]
    public IReadOnlyList<JobState> Status { get; init; } = [];

    /// <summary>Only jobs of this method.</summary>
    [Field("Only jobs of this method.", MaxLength = 64)]
    public string? Method { get; init; }

    /// <summary>Only jobs with all of these labels.</summary>
    [Field("Only jobs with this label, key:value; repeat it for jobs that have all of several.", MaxLength = 320, Pattern = "[^:=]+[:=].*")]
    public IReadOnlyList<string> Label { get; init; } = [];

    /// <summary>Only jobs on this data set.</summary>
    [Field("Only jobs on this data set.", MaxLength = 64)]
    public string? Dataset { get; init; }

    /// <summary>Only jobs that train this network.</summary>
    [Field("Only jobs that train this network.", MaxLength = 64)]
    public string? Student { get; init; }

    /// <summary>Only jobs whose name has this in it.</summary>
    [Field("Only jobs whose name has this in it, in upper or lower case.", MaxLength = 100)]
    public string? Name { get; init; }

    /// <summary>Jobs per page.</summary>
    [Field("Jobs per page.", Min = 1, Max = JobQueries.MaxPage)]
    public int Limit { get; init; } = 50;

    /// <summary>Where the page begins.</summary>
    [Field("Where the page begins: next of the page before.", MaxLength = 26, Pattern = SortableId.Pattern)]
    public string? Cursor { get; init; }

    /// <inheritdoc />
    public static JobListQuery Example { get; } = new() { Status = [JobState.Queued, JobState.Running], Label = ["team:vision"], Limit = 20 };

    /// <inheritdoc />
    public void Check(ProblemList problems)
    {
        RequireOneOf(Method, "/method", Union.Of(typeof(Method))!, problems);
        RequireOneOf(Dataset, "/dataset", Union.Of(typeof(Dataset))!, problems);
        if (Student is not null) SpecValidation.RequireNetwork(Student, dataset: null, "/student", problems);
    }

    /// <summary>The conditions, without the page.</summary>
    public JobFilter Filter() => new()
    {
        Statuses = Status,
        Method = Method,
        Labels = Labels.Read(Label),
        Dataset = Dataset,
        Student = Student,
        Name = Name,
    };

    private static void RequireOneOf(string? given, string pointer, Union known, ProblemList problems) => problems.Require(
        given is null || known.Cases.ContainsKey(given), pointer, $"\"{given}\" given; one of {string.Join(", ", known.Cases.Keys)}");
}
