using System.Diagnostics;
using System.Text.RegularExpressions;
using KdService.Core.Datasets;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Tests;

namespace KdService.Cli.Tests;

/// <summary><c>kd run</c> with the real trainer on a tiny set of drawn pictures.</summary>
public sealed class RealTrainerTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kd-cli-real-");

    private Dictionary<string, string> Environment { get; } = new() { ["KD_TRAINER"] = Path.Combine(KdProgram.Output("KdService.Trainer"), "kd-trainer") };

    private string Out => Path.Combine(_folder.FullName, "out");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Run_OfASpecWithATeacher_LeavesWeightsReportsAndATable()
    {
        var (status, output, error) = await KdProgram.Run(Environment, "run", Spec(epochs: 1), "--out", Out);

        Assert.Equal((ExitCodes.Done, ""), (status, error));
        Assert.Contains("agreement", output, StringComparison.Ordinal);
        Assert.Contains("13,082", output, StringComparison.Ordinal);
        foreach (var folder in new[] { Out, Path.Combine(Out, "teacher") })
        {
            Assert.True(new FileInfo(Path.Combine(folder, "student.best.safetensors")).Length > 10_000);
            Assert.NotNull(Json.Read<RunReport>(await File.ReadAllTextAsync(Path.Combine(folder, "report.json"))).Models[^1].Last);
        }
    }

    [Fact]
    public async Task Run_WithFoldersAsTeacherStudentAndGenerator_FindsEach()
    {
        var generator = SmallFolder.Write(Path.Combine(_folder.FullName, "generator"), "distilbert-l1-h64", target: Target.Word);
        const string plain = """{"model": "bert-l1-h64"}""";
        var (first, _, said) = await KdProgram.Run(Environment, "run", Texts(plain, """ "method": {"name": "none"} """), "--out", Out);
        Assert.Equal((ExitCodes.Done, ""), (first, said));
        var student = Path.Combine(Out, "student");
        string Mate(string guesser) => Texts($$"""{"model": "bert-l1-h64", "init": {"from": "imported", "model": "{{student}}"} }""",
            $$""" "teacher": {"imported": "{{student}}"}, "method": {"name": "mate_kd", "imported_generator": "{{guesser}}", "generator_batches": 1, "student_batches": 1} """);

        var (status, output, error) = await KdProgram.Run(Environment, "run", Mate(generator), "--out", Out + "-mate");
        Assert.Equal((ExitCodes.Done, ""), (status, error));
        Assert.Contains("mate_kd", output, StringComparison.Ordinal);
        Assert.Equal([ModelRole.Teacher, ModelRole.Student], Json.Read<RunReport>(await File.ReadAllTextAsync(Path.Combine(Out + "-mate", "report.json"))).Models.Select(model => model.Role));

        var fineTuned = Texts(plain, $$""" "teacher": {"model": "bert-l1-h64", "init": {"from": "imported", "model": "{{student}}"} }, "method": {"name": "pro_kd", "max_temperature": 1} """);
        (status, _, error) = await KdProgram.Run(Environment, "run", fineTuned, "--out", Out + "-followed");
        Assert.Equal((ExitCodes.Done, ""), (status, error));
        Assert.Contains("\"from\": \"imported\"", await File.ReadAllTextAsync(Path.Combine(Out + "-followed", "teacher", "spec.json")), StringComparison.Ordinal);

        var (refused, _, why) = await KdProgram.Run(Environment, "run", Mate(student), "--out", Out + "-none");
        Assert.Equal(ExitCodes.Refused, refused);
        Assert.Contains("has no masked-LM head", why, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Out + "-none"));
    }

    [Fact]
    public async Task Run_StoppedByASignalAndStartedAgain_EndsWithTheWeightsOfAnUninterruptedRun()
    {
        var spec = Spec(epochs: 60);
        using (var first = KdProgram.Start(Environment, "run", spec, "--out", Out))
        {
            // In the middle of the student's training: the teacher is done, a checkpoint is written.
            await LineWith(first, @"plane2-kd: .* \d+/60 \((?!0 %)");
            using var signal = Process.Start("kill", ["-INT", $"{first.Id}"]);
            var rest = first.StandardOutput.ReadToEndAsync();
            var error = await first.StandardError.ReadToEndAsync();
            await rest;
            await first.WaitForExitAsync();
            Assert.Equal(ExitCodes.Stopped, first.ExitCode);
            Assert.Contains("the same command goes on", error, StringComparison.Ordinal);
        }
        Assert.Empty(TrainersIn(Out));

        Assert.Equal(ExitCodes.Done, (await KdProgram.Run(Environment, "run", spec, "--out", Out)).Status);
        Assert.Equal(ExitCodes.Done, (await KdProgram.Run(Environment, "run", spec, "--out", Out + "-whole")).Status);

        const string weights = "student.last.safetensors";
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(Out + "-whole", weights)), await File.ReadAllBytesAsync(Path.Combine(Out, weights)));
        Assert.Contains(Directory.GetFiles(Path.Combine(Out, "work"), "events.jsonl", SearchOption.AllDirectories), journal =>
            File.ReadLines(journal).Any(line => line.Contains("resumed_at_step", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Run_KilledOutright_LeavesNoTrainerBehind()
    {
        using var run = KdProgram.Start(Environment, "run", Spec(epochs: 2000), "--out", Out);
        await LineWith(run, @"labels \d+/100 ");
        Assert.NotEmpty(TrainersIn(Out));

        run.Kill();

        var limit = Stopwatch.StartNew();
        while (TrainersIn(Out).Count > 0)
        {
            Assert.True(limit.Elapsed < TimeSpan.FromSeconds(60), "the trainer leaves once nobody listens to its events");
            await Task.Delay(100);
        }
    }

    private static async Task LineWith(Process run, string pattern)
    {
        while (await run.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Regex.IsMatch(line, pattern)) return;
        }
        Assert.Fail($"kd ended before a line with {pattern}: {await run.StandardError.ReadToEndAsync()}");
    }

    private static List<string> TrainersIn(string folder) =>
        [.. Process.GetProcessesByName("kd-trainer").Select(CommandLineOf).Where(line => line.Contains(folder, StringComparison.Ordinal))];

    private static string CommandLineOf(Process process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/cmdline");
        }
        catch (IOException)
        {
            // It ended between the two looks.
            return "";
        }
    }

    private string Write(string spec)
    {
        var path = Path.Combine(_folder.FullName, "spec.json");
        File.WriteAllText(path, spec);
        return path;
    }

    private string Texts(string student, string rest) => Write($$"""
            {
              "dataset": {"name": "phrases", "samples": 200, "test_samples": 100},
              "student": {{student}},
              "training": {"epochs": 2, "optimizer": {"name": "adamw"} },
              "resources": {"threads": 1},
              {{rest}}
            }
            """);

    private string Spec(int epochs) => Write($$$"""
            {
              "dataset": {"name": "procedural", "samples": 200, "test_samples": 100},
              "teacher": {"model": "plane4", "training": {"epochs": {{{Math.Max(1, epochs / 20)}}}, "batch_size": 50}},
              "student": {"model": "plane2"},
              "method": {"name": "kd"},
              "training": {"epochs": {{{epochs}}}, "batch_size": 50, "optimizer": {"name": "sgd", "learning_rate": 0.01}},
              "resources": {"threads": 1}
            }
            """);
}
