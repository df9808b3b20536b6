using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Core.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace KdService.Cli.Tests;

public sealed class CommandLineTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kd-cli-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("watch")]
    [InlineData("jobs", "--limit", "0")]
    [InlineData("jobs", "--status", "asleep")]
    [InlineData("demo", "--epochs", "1")]
    [InlineData("no-such-command")]
    [InlineData("run", "no/such/spec.json")]
    public async Task Arguments_ThatAreWrong_EndWithStatus2AndAWord(params string[] arguments)
    {
        var (status, _, error) = await KdProgram.Run(arguments);

        Assert.Equal(ExitCodes.Usage, status);
        Assert.NotEmpty(error);
    }

    [Fact]
    public async Task Status_ThatIsNone_IsNamedBesideThoseThereAre()
    {
        var (_, _, error) = await KdProgram.Run("jobs", "--status", "queued", "asleep");

        Assert.Contains("--status: asleep given; one of waiting, queued, running", error, StringComparison.Ordinal);
        Assert.DoesNotContain("KdService", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("help")]
    [InlineData("help", "schedule", "create")]
    public async Task Help_IsThePageOfItsCommand(params string[] arguments) =>
        Assert.Equal(await KdProgram.Run([.. arguments[1..], "--help"]), await KdProgram.Run(arguments));

    [Fact]
    public async Task Log_IsPrintedAsItIs()
    {
        await using var service = await StandInService.Start(app => app.MapGet("/v1/jobs/{id}/log", (string? attempt) => Results.Text($"line of {attempt}\n")));
        var environment = new Dictionary<string, string> { ["KD_URL"] = service.Address.ToString() };

        var (status, output, _) = await KdProgram.Run(environment, "log", "01jtqv8k3m5x7r9w2y4z6a8c0e", "--attempt", "2");

        Assert.Equal((ExitCodes.Done, "line of 2\n"), (status, output));
    }

    [Fact]
    public async Task Service_ThatDoesNotAnswer_EndsWithStatus4AndSaysWhatToDo()
    {
        var (status, _, error) = await KdProgram.Run(new Dictionary<string, string> { ["KD_URL"] = "http://127.0.0.1:9" }, "jobs");

        Assert.Equal(ExitCodes.Unavailable, status);
        Assert.Contains("./kd serve", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Url_ThatIsNone_IsNamed()
    {
        var (status, _, error) = await KdProgram.Run(new Dictionary<string, string> { ["KD_URL"] = "ftp://somewhere" }, "jobs");

        Assert.Equal(ExitCodes.Usage, status);
        Assert.Contains("KD_URL: ftp://somewhere given", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OfASpecWithThreeMistakes_PrintsAllThree()
    {
        var (status, _, error) = await KdProgram.Run("run", Write("""
            {"dataset": {"name": "procedural", "samples": 5}, "student": {"model": "resnet9"}, "method": {"name": "none"}, "trainning": {}}
            """));

        Assert.Equal(ExitCodes.Refused, status);
        Assert.Contains("dataset.samples: 5 given; an integer from 100 to 1000000", error, StringComparison.Ordinal);
        Assert.Contains("student.model: \"resnet9\" given", error, StringComparison.Ordinal);
        Assert.Contains("trainning: unknown field; did you mean training?", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithoutItsData_SaysWhichFileAndHowToGetIt()
    {
        var (status, _, error) = await KdProgram.Run("run", Write("""
            {"dataset": {"name": "cifar10"}, "student": {"model": "plane2"}, "method": {"name": "none"}}
            """), "--data", _folder.FullName);

        Assert.Equal(ExitCodes.Refused, status);
        Assert.Contains("data_batch_1.bin", error, StringComparison.Ordinal);
        Assert.Contains("cifar-10-binary.tar.gz", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_SendsTheSpecAsItIsWithAKeyOfItsOwn()
    {
        List<(string Key, string Body)> received = [];
        await using var service = await StandInService.Start(app => app.MapPost("/v1/jobs", async (HttpRequest request) =>
        {
            using var body = new StreamReader(request.Body);
            received.Add((request.Headers["Idempotency-Key"].ToString(), await body.ReadToEndAsync()));
            return Results.Content(StandInService.Job("01jtqv8k3m5x7r9w2y4z6a8c0e", JobState.Queued), "application/json", null, 201);
        }));
        var environment = new Dictionary<string, string> { ["KD_URL"] = service.Address.ToString() };
        var spec = Write("""{ "any": "thing" }""");

        var (status, output, _) = await KdProgram.Run(environment, "submit", spec);
        await KdProgram.Run(environment, "submit", spec);
        await KdProgram.Run(environment, "submit", spec, "--idempotency-key", "monday");

        Assert.Equal(ExitCodes.Done, status);
        Assert.Equal("01jtqv8k3m5x7r9w2y4z6a8c0e", output.Trim());
        Assert.All(received, request => Assert.Equal("""{ "any": "thing" }""", request.Body.Trim()));
        Assert.Equal(3, received.Select(request => request.Key).Distinct().Count());
        Assert.Equal("monday", received[2].Key);
    }

    [Fact]
    public async Task Refusal_IsPrintedFieldByFieldAndEndsWithStatus3()
    {
        await using var service = await StandInService.Start(app => app.MapPost("/v1/jobs/validate", () => Results.Content(Json.Write(new ProblemView
        {
            Type = "urn:kd:problem:invalid-document",
            Title = "The document is not acceptable",
            Status = 422,
            Errors = [new Problem("/method/max_temperature", "0 given; an integer from 1 to 100"), new Problem("/seed", "-1 given; an integer at least 0")],
        }), "application/problem+json", null, 422)));

        var (status, _, error) = await KdProgram.Run(new Dictionary<string, string> { ["KD_URL"] = service.Address.ToString() }, "validate", Write("{}"));

        Assert.Equal(ExitCodes.Refused, status);
        Assert.Equal("method.max_temperature: 0 given; an integer from 1 to 100\nseed: -1 given; an integer at least 0\n", error);
    }

    [Fact]
    public async Task Address_OfSomethingElse_IsNotMistakenForTheService()
    {
        await using var service = await StandInService.Start(app => app.MapGet("/v1/jobs", () => Results.Content("<h1>hello</h1>", "text/html", null, 404)));

        var (status, _, error) = await KdProgram.Run(new Dictionary<string, string> { ["KD_URL"] = service.Address.ToString() }, "jobs");

        Assert.Equal(ExitCodes.Refused, status);
        Assert.Contains("is there a kd-service at this address?", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetch_OfAnArtifactWithAPathForAName_StaysInItsFolder()
    {
        const string empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        await using var service = await StandInService.Start(app =>
        {
            app.MapGet("/v1/jobs/{id}/artifacts", () => Results.Content(Json.Write(new Page<ArtifactView>(
                [new ArtifactView("../../outside.bin", "application/octet-stream", empty, 0, DateTimeOffset.UtcNow, $"/v1/artifacts/{empty}")], null)), "application/json"));
            app.MapGet("/v1/artifacts/{sha}", () => Results.Bytes([]));
        });
        var folder = Path.Combine(_folder.FullName, "a", "b");

        var (status, _, error) = await KdProgram.Run(new Dictionary<string, string> { ["KD_URL"] = service.Address.ToString() }, "fetch", StandInService.NewId(), "--out", folder);

        Assert.Equal((ExitCodes.Done, ""), (status, error));
        Assert.True(File.Exists(Path.Combine(folder, "outside.bin")));
        Assert.False(File.Exists(Path.Combine(_folder.FullName, "outside.bin")));
    }

    private string Write(string spec)
    {
        var path = Path.Combine(_folder.FullName, "spec.json");
        File.WriteAllText(path, spec);
        return path;
    }
}
