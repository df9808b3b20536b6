using KdService.Core.Schedules;
using KdService.Core.Schema;
using KdService.Core.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace KdService.Cli.Tests;

public sealed class ScheduleCommandTests : IDisposable
{
    private const string Id = "01jtqx7d4f6h8j0k2m4n6p8q0r";

    private static readonly DateTimeOffset Three = new(2026, 3, 9, 3, 0, 0, TimeSpan.FromHours(1));

    private static readonly ScheduleRunView Skipped = new() { Number = 8, Manual = true, ScheduledAt = Three, Status = ScheduleRunStatus.Skipped, Reason = "run 7 has not ended" };

    private static readonly ScheduleView Nightly = new()
    {
        Id = Id,
        Name = "every [night]",
        Cron = "0 3 * * *",
        CronForm = CronForm.Crontab,
        TimeZone = "Europe/Berlin",
        Overlap = Overlap.Skip,
        Paused = false,
        VarySeed = true,
        CreatedAt = Three,
        NextRuns = [new RunTime(Three, Three.ToUniversalTime())],
        LastRun = Skipped,
    };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kd-cli-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Create_SendsTheFileAsItIsAndPrintsTheId()
    {
        List<(string Key, string Body)> received = [];
        await using var service = await StandInService.Start(app => app.MapPost("/v1/schedules", async (HttpRequest request) =>
        {
            using var body = new StreamReader(request.Body);
            received.Add((request.Headers["Idempotency-Key"].ToString(), await body.ReadToEndAsync()));
            return Results.Content(Json.Write(Nightly), "application/json", null, 201);
        }));
        var file = Path.Combine(_folder.FullName, "schedule.json");
        await File.WriteAllTextAsync(file, """{ "any": "thing" }""");

        var (status, output, error) = await RunAsync(service, "schedule", "create", file, "--idempotency-key", "monday");

        Assert.Equal((ExitCodes.Done, Id, ""), (status, output.Trim(), error));
        Assert.Equal([("monday", """{ "any": "thing" }""")], received);
    }

    [Fact]
    public async Task Schedules_AreListedWithTheirNextAndLastRuns()
    {
        var resting = Nightly with { Id = "01jtqx7d4f6h8j0k2m4n6p8q0s", Name = "resting", Paused = true, NextRuns = [], LastRun = null };
        await using var service = await StandInService.Start(app => app.MapGet("/v1/schedules", (string? cursor) =>
            Results.Content(Json.Write(cursor is null ? new Page<ScheduleView>([Nightly], Id) : new Page<ScheduleView>([resting], null)), "application/json")));

        var (status, output, _) = await RunAsync(service, "schedules");

        var lines = output.Split('\n');
        Assert.Equal(ExitCodes.Done, status);
        Assert.Contains("every [night]", lines[1], StringComparison.Ordinal);
        Assert.Contains("2026-03-09 03:00:00 +01:00", lines[1], StringComparison.Ordinal);
        Assert.Contains("8 skipped", lines[1], StringComparison.Ordinal);
        Assert.Contains("paused", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runs_ShowNumbersTheirChangeAndWhatIsOutside()
    {
        var run = Skipped with
        {
            Number = 7,
            Manual = false,
            Status = ScheduleRunStatus.Succeeded,
            Reason = null,
            Job = "01jtqv8k3m5x7r9w2y4z6a8c0e",
            Numbers = [new RunNumber { Metric = "best_accuracy", Value = 0.573, Change = -0.039, Outside = true }, new RunNumber { Metric = "seconds", Value = 131 }],
        };
        await using var service = await StandInService.Start(app => app.MapGet("/v1/schedules/{id}/runs", (string? format) => format == "markdown"
            ? Results.Text("# Runs", "text/markdown")
            : Results.Content(Json.Write(new ScheduleRunsView([Skipped, run], null, PredictionInterval.Basis)), "application/json")));

        var (status, output, _) = await RunAsync(service, "schedule", "runs", Id);
        var (_, markdown, _) = await RunAsync(service, "schedule", "runs", Id, "--markdown");

        var lines = output.Split('\n');
        Assert.Equal(ExitCodes.Done, status);
        Assert.Contains("run 7 has not ended", lines[1], StringComparison.Ordinal);
        Assert.Contains("57.3 % (-3.9) !", lines[2], StringComparison.Ordinal);
        Assert.Contains("131.0", lines[2], StringComparison.Ordinal);
        Assert.Contains("! outside the 95 % prediction interval", output, StringComparison.Ordinal);
        Assert.Equal("# Runs", markdown.Trim());
    }

    [Fact]
    public async Task Runs_OfABenchmark_HaveALineForEachRow()
    {
        var run = Skipped with
        {
            Status = ScheduleRunStatus.Succeeded,
            Benchmark = "01jtqw2m5p8r1t4v7x9z0b3d6f",
            Numbers = [.. new[] { "none", "kd, hot" }.Select(row => new RunNumber { Row = row, Metric = Measure.Best, Value = 0.5 })],
        };
        await using var service = await StandInService.Start(app => app.MapGet("/v1/schedules/{id}/runs", () =>
            Results.Content(Json.Write(new ScheduleRunsView([run], null, PredictionInterval.Basis)), "application/json")));

        var (_, output, _) = await RunAsync(service, "schedule", "runs", Id);

        var lines = output.Split('\n');
        Assert.Contains("none", lines[1], StringComparison.Ordinal);
        Assert.Contains("kd, hot", lines[2], StringComparison.Ordinal);
        Assert.All(lines[1..3], line => Assert.Contains("01jtqw2m5p8r1t4v7x9z0b3d6f", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("pause", "01jtqx7d4f6h8j0k2m4n6p8q0r paused")]
    [InlineData("resume", "01jtqx7d4f6h8j0k2m4n6p8q0r resumed")]
    [InlineData("run", "01jtqx7d4f6h8j0k2m4n6p8q0r run 8 skipped: run 7 has not ended")]
    [InlineData("delete", "01jtqx7d4f6h8j0k2m4n6p8q0r deleted")]
    public async Task Action_IsAskedOfTheServiceAndSaid(string action, string words)
    {
        List<string> asked = [];
        await using var service = await StandInService.Start(app =>
        {
            app.MapDelete("/v1/schedules/{id}", (string id) =>
            {
                asked.Add($"delete {id}");
                return Results.NoContent();
            });
            app.MapPost("/v1/schedules/{id}/{action}", (string id, string action) =>
            {
                asked.Add($"{action} {id}");
                return Results.Content(action == "run" ? Json.Write(Skipped) : Json.Write(Nightly), "application/json");
            });
        });

        var (status, output, _) = await RunAsync(service, "schedule", action, Id);

        Assert.Equal((ExitCodes.Done, words), (status, output.Trim()));
        Assert.Equal([$"{action} {Id}"], asked);
    }

    private static Task<(int Status, string Output, string Error)> RunAsync(StandInService service, params string[] arguments) =>
        KdProgram.Run(new Dictionary<string, string> { ["KD_URL"] = service.Address.ToString() }, arguments);
}
