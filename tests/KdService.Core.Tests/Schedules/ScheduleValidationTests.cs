using System.Text;
using KdService.Core.Schedules;
using KdService.Core.Schema;

namespace KdService.Core.Tests.Schedules;

public class ScheduleValidationTests
{
    private const string Job = """{"dataset": {"name": "procedural"}, "student": {"model": "resnet8"}, "method": {"name": "none"}}""";

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
    [InlineData("""{"name": "n", "cron": "0 3 * * *"}""", "/job", "missing; the job spec")]
    [InlineData("""{"name": "n", "cron": "0 3 * * *", "job": null}""", "/job", "missing; the job spec")]
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
