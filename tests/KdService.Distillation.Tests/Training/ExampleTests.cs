using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Specs;

namespace KdService.Distillation.Tests.Training;

/// <summary>The examples that need no data do what they are for, on a few samples.</summary>
public sealed class ExampleTests
{
    public static TheoryData<string> All => new(Directory.GetFiles(Folder()).Select(file => Path.GetFileName(file)!)
        .Where(name => name.StartsWith("procedural-", StringComparison.Ordinal) || name.StartsWith("phrases-", StringComparison.Ordinal)).Order());

    [Theory]
    [MemberData(nameof(All))]
    public void Example_OnAFewSamples_Trains(string name)
    {
        var spec = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder(), name)))!.AsObject();
        spec["dataset"]!["samples"] = 110;
        spec["dataset"]!["test_samples"] = 100;
        (spec["training"] ??= new JsonObject())["batch_size"] = 16;
        var plan = PlanBuilder.Compile(SpecValidation.ReadOrThrow(Encoding.UTF8.GetBytes(spec.ToJsonString())));
        using var folder = new TemporaryFolder();
        RunReport? report = null;
        Assert.True(RecordedRun.Of(plan, folder.Path, happened => report = (happened as RunFinished)?.Report ?? report));
        Assert.Equal(plan.TotalSteps, report!.Steps);
        Assert.All(report.Models, model => Assert.True(double.IsFinite(model.Best.Score)));
        Assert.Equal(plan.Evaluation.Attacks.Count, report.Models.Single(model => model.Id == plan.Result).Robustness?.Attacks.Count ?? 0);
    }

    private static string Folder([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../examples"));
}
