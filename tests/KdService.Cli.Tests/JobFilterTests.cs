using KdService.Cli.Service;
using KdService.Core.Jobs;

namespace KdService.Cli.Tests;

public sealed class JobFilterTests
{
    [Fact]
    public void Query_HasWhatIsAskedFor_Escaped() => Assert.Equal(
        "?status=queued&status=running&method=kd&dataset=glue&student=bert-tiny&name=a%20%26%20b&label=team%3Dtext&limit=5&cursor=c",
        new JobFilter
        {
            Status = [JobState.Queued, JobState.Running],
            Method = "kd",
            Dataset = "glue",
            Student = "bert-tiny",
            Name = "a & b",
            Labels = ["team=text"],
        }.Query(5, "c"));
}
