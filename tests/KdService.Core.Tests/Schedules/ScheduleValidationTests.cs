using System.Text;
using KdService.Core.Schedules;
using KdService.Core.Schema;

namespace KdService.Core.Tests.Schedules;

public class ScheduleValidationTests
{
    private const string Job = """{"dataset": {"name": "procedural"}, "student": {"model": "resnet8"}, "method": {"name": "none"}}""";

    private const string Benchmark = """
        {"name": "b", "base": {"dataset": {"name": "procedural"}, "student": {"model": "resnet8"}}, "matrix": {"methods": ["none"], "seeds": [3, 5]}}
        """;

    [Fact]
    public void Read_ValidSchedule_FillsDefaultsAndSurvivesStorage()
    {
        var (spec, problems) = Read($$"""{"name": "nightly", "cron": "0 3 * * *", "job": {{Job}}}""");
        Assert.Empty(problems);
        Assert.Equal(("UTC", Overlap.Skip, false, false, 128), (spec!.TimeZone, spec.Overlap, spec.Paused, spec.VarySeed, spec.Job!.Training.BatchSize));
        var stored = Json.Write(spec);
        Assert.Equal(stored, Json.Write(Json.Read<ScheduleSpec>(stored)));
    }

    [Theory]
    [InlineData("""{"cron": "0 3 * * *", "job": JOB}""", "/name", "missing; a name for people")]
    [InlineData("""{"name": "n", "job": JOB}""", "/cron", "missing")]
    [InlineData("""{"name": "n", "cron": "0 3 * *", "job": JOB}""", "/cron", "4 fields given")]
    [InlineData("""{"name": "n", "cron": "0 3 * * *"}""", "/job", "missing; exactly one of job (a job spec) and benchmark")]
    [InlineData("""{"name": "n", "cron": "0 3 * * *", "job": null}""", "/job", "missing; exactly one")]
    [InlineData("""{"name": "n", "cron": "0 3 * * *", "job": 7}""", "/job", "7 given; an object")]
    [InlineData("""{"name": "n", "cron": "0 3 * * *", "overlap": "stack", "job": JOB}""", "/overlap", "\"stack\" given; one of skip, queue, cancel_previous")]
    [InlineData("""{"name": "n", "cron": "0 3 * * *", "timezone": "UTC", "job": JOB}""", "/timezone", "did you mean time_zone?")]
    [InlineData("""{"name": "n", "cron": "0 3 * * *", "time_zone": "Berlin", "job": JOB}""", "/time_zone", "did you mean Europe/Berlin?")]
    [InlineData("""{"name": "n", "cron": "0 3 * * *", "time_zone": "Europe/Berlim", "job": JOB}""", "/time_zone", "did you mean Europe/Berlin?")]
    [InlineData("""{"name": "n", "cron": "0 3 * * *", "time_zone": "new york", "job": JOB}""", "/time_zone", "did you mean America/New_York")]
    [InlineData("""{"name": "n", "cron": "0 3 * * *", "time_zone": "Mars/Olympus Mons Base", "job": JOB}""", "/time_zone", "an IANA time zone such as Europe/Berlin")]
    [InlineData("""{"name": "n", "cron": "0 3 * * *", "job": {"dataset": {"name": "procedural"}, "student": {"model": "resnet9"}, "method": {"name": "kd"}}}""", "/job/student/model", "\"resnet9\" given")]
    [InlineData("""{"name": "n", "cron": "0 3 * * *", "job": {"dataset": {"name": "procedural"}, "student": {"model": "resnet8"}, "method": {"name": "kd"}}}""", "/job/teacher", "missing; method kd needs a teacher")]
    [InlineData("""{"name": "n", "cron": "0 3 * * *", "job": {"dataset": {"name": "procedural"}, "student": {"model": "resnet8"}, "method": {"name": "none"}, "training": {"epochs": 0}}}""", "/job/training/epochs", "0 given; an integer from 1")]
    public void Read_BadSchedule_NamesTheField(string json, string pointer, string detail)
    {
        var (spec, problems) = Read(json.Replace("JOB", Job, StringComparison.Ordinal));
        Assert.Null(spec);
        Assert.Contains(detail, Assert.Single(problems, problem => problem.Pointer == pointer).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"name": "n", "cron": "0 3 * *", "benchmark": {"name": "b", "base": {"dataset": {"name": "procedural"}, "student": {"model": "resnet8"}}, "matrix": {"methods": ["kd"]}}}""", "/benchmark/base/teacher", "missing; method kd needs a teacher")]
    [InlineData("""{"name": "n", "cron": "0 3 * *", "benchmark": {"name": "b", "base": {}, "matrix": {"methods": ["none"], "seeds": [-1]}}}""", "/benchmark/matrix/seeds/0", "-1 given")]
    [InlineData("""{"name": "n", "cron": "0 3 * *", "benchmark": {"base": {}, "matrix": {}}}""", "/benchmark/name", "missing")]
    public void Read_BadBenchmark_NamesTheFieldBesideTheOthers(string json, string pointer, string detail)
    {
        var (_, problems) = Read(json);
        Assert.Contains(problems, problem => problem.Pointer == "/cron");
        Assert.Contains(detail, Assert.Single(problems, problem => problem.Pointer == pointer).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_JobAndBenchmark_IsOneTooMany()
    {
        var (_, problems) = Read($$"""{"name": "n", "cron": "0 3 * * *", "job": {{Job}}, "benchmark": {{Benchmark}}}""");
        Assert.Equal("/job: given with benchmark; exactly one of job (a job spec) and benchmark (a benchmark)", $"/{Assert.Single(problems)}");
    }

    [Fact]
    public void RunSpecs_OfABenchmark_ShareNoSeedWithAnotherRun()
    {
        var (spec, problems) = Read($$"""{"name": "n", "cron": "0 3 * * *", "benchmark": {{Benchmark}}}""");
        Assert.Empty(problems);

        Assert.Equal([3, 5], RunSpecs.Of(spec!.Benchmark!, "id", 0).Matrix.Seeds);
        Assert.Equal([6, 8], RunSpecs.Of(spec.Benchmark!, "id", 1).Matrix.Seeds);
        Assert.Equal([9, 11], RunSpecs.Of(spec.Benchmark!, "id", 2).Matrix.Seeds);
        var unseeded = spec.Benchmark! with { Matrix = spec.Benchmark.Matrix with { Seeds = [] } };
        Assert.Equal(7, (long?)RunSpecs.Of(unseeded, "id", 7).Base["seed"]);
        Assert.Equal("id", RunSpecs.Of(unseeded, "id", 7).Labels[RunSpecs.Label]);
    }

    [Fact]
    public void RunSpecs_OfAJob_HaveItsLabelAndASeedThatWrapsAround()
    {
        var (spec, _) = Read($$"""{"name": "n", "cron": "0 3 * * *", "job": {{Job}}}""");
        var job = spec!.Job! with { Labels = new() { ["team"] = "vision" }, Seed = 9007199254740991 };

        Assert.Equal((9007199254740991, 0, 1), (RunSpecs.Of(job, "id", 0).Seed, RunSpecs.Of(job, "id", 1).Seed, RunSpecs.Of(job, "id", 2).Seed));
        Assert.Equal([("schedule", "id"), ("team", "vision")], RunSpecs.Of(job, "id", 0).Labels.Select(label => (label.Key, label.Value)).Order());
        Assert.Single(job.Labels);
    }

    [Fact]
    public void ReadChange_LeavesTheRestAsItWas()
    {
        var (spec, _) = Read($$"""{"name": "nightly", "cron": "0 3 * * *", "time_zone": "Europe/Berlin", "job": {{Job}}}""");
        var change = ScheduleValidation.ReadChange(DocumentReader.Parse("""{"paused": true, "overlap": "queue"}"""u8.ToArray(), new ProblemList())!.Value, new ProblemList());
        Assert.Equal(spec! with { Paused = true, Overlap = Overlap.Queue }, change!.Of(spec));
    }

    [Theory]
    [InlineData("""{"cron": "nonsense"}""", "/cron", "1 fields given")]
    [InlineData("""{"time_zone": "CEST"}""", "/time_zone", "an IANA time zone")]
    [InlineData("""{"job": {}}""", "/job", "unknown field")]
    public void ReadChange_ThatIsBad_NamesTheField(string json, string pointer, string detail)
    {
        var problems = new ProblemList();
        Assert.Null(ScheduleValidation.ReadChange(DocumentReader.Parse(Encoding.UTF8.GetBytes(json), problems)!.Value, problems));
        Assert.Contains(detail, Assert.Single(problems.Items, problem => problem.Pointer == pointer).Detail, StringComparison.Ordinal);
    }

    private static (ScheduleSpec? Spec, IReadOnlyList<Problem> Problems) Read(string json)
    {
        var problems = new ProblemList();
        return (ScheduleValidation.Read(DocumentReader.Parse(Encoding.UTF8.GetBytes(json), problems)!.Value, problems), problems.Items);
    }
}
