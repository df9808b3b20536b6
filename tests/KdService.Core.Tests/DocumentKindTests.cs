using System.Text;
using System.Text.Json;
using KdService.Core.Benchmarks;
using KdService.Core.Schedules;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Tests;

public class DocumentKindTests
{
    private const string Job = """{"dataset": {"name": "procedural"}, "student": {"model": "resnet8"}, "method": {"name": "none"}}""";
    private const string Benchmark = """{"name": "b", "base": {"dataset": {"name": "procedural"}, "student": {"model": "resnet8"}}, "matrix": {"methods": ["none"]}}""";
    private const string Schedule = $$"""{"name": "s", "cron": "0 3 * * *", "job": {{Job}}}""";

    [Theory]
    [InlineData(Benchmark, "this is a benchmark: kd benchmark takes it, or POST /v1/benchmarks")]
    [InlineData(Schedule, "this is a schedule: kd schedule create takes it, or POST /v1/schedules")]
    public void JobSpec_ThatIsAnotherDocument_IsCalledByItsName(string document, string detail) =>
        Assert.Equal([new Problem("", detail)], Problems(problems => SpecValidation.Read(Encoding.UTF8.GetBytes(document), problems)));

    [Theory]
    [InlineData(Job, "this is a job spec: kd submit or kd run takes it, or POST /v1/jobs")]
    [InlineData(Schedule, "this is a schedule: kd schedule create takes it, or POST /v1/schedules")]
    public void Benchmark_ThatIsAnotherDocument_IsCalledByItsName(string document, string detail) =>
        Assert.Equal([new Problem("", detail)], Problems(problems => BenchmarkExpansion.Read(Encoding.UTF8.GetBytes(document), problems)));

    [Theory]
    [InlineData(Job, "this is a job spec: kd submit or kd run takes it, or POST /v1/jobs")]
    [InlineData(Benchmark, "this is a benchmark: kd benchmark takes it, or POST /v1/benchmarks")]
    public void Schedule_ThatIsAnotherDocument_IsCalledByItsName(string document, string detail) =>
        Assert.Equal([new Problem("", detail)], Problems(problems => ScheduleValidation.Read(JsonDocument.Parse(document).RootElement, problems)));

    [Theory]
    [InlineData("""{"matrix": {}, "student": {"model": "resnet8"}}""")]
    [InlineData("""{"base": {}, "matrix": {}, "dataset": {"name": "procedural"}, "student": {"model": "resnet8"}}""")]
    public void Document_ThatCouldBeEither_IsToldItsUnknownFields(string document) =>
        Assert.Contains(Problems(problems => SpecValidation.Read(Encoding.UTF8.GetBytes(document), problems)), problem => problem.Pointer == "/matrix");

    private static IReadOnlyList<Problem> Problems(Func<ProblemList, object?> read)
    {
        var problems = new ProblemList();
        Assert.Null(read(problems));
        return problems.Items;
    }
}
