using System.Text;
using System.Text.Json.Nodes;
using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Distillation.Tests.Training;

/// <summary>Every method takes texts, or is refused when the job is submitted; none fails in the trainer.</summary>
public sealed class CatalogueOnTextsTests
{
    private const string Student = "bert-l2-h64";
    private const string Teacher = "bert-l3-h64";

    // What no network that reads texts has, or what no text does.
    private static readonly string[] NotOnTexts = ["at", "fitnet", "reviewkd"];
    private static readonly string[] NotOnSpans = [.. NotOnTexts, "backward_kd", "combined_kd", "crd", "dist", "kd_pt", "kd_pt_sim", "kd_sim", "kd_topk", "mate_kd"];

    public static TheoryData<string> All => new(MethodCatalogue.All.Select(method => method.Name));

    [Theory]
    [MemberData(nameof(All))]
    public void Method_OnPhrases_RunsOrIsRefusedWithTheReason(string method) =>
        RunOrRefuse(method, _ => new JsonObject { ["name"] = "phrases", ["samples"] = 100, ["test_samples"] = 100, ["words"] = 6 }, NotOnTexts);

    [Theory]
    [MemberData(nameof(All))]
    public void Method_OnQuestions_RunsOrIsRefusedWithTheReason(string method) =>
        RunOrRefuse(method, folder => JsonNode.Parse(Json.Write<Dataset>(SquadTexts.Write(folder, train: 100, test: 10)))!.AsObject(), NotOnSpans);

    private static void RunOrRefuse(string name, Func<string, JsonObject> dataset, string[] refused)
    {
        using var folder = new TemporaryFolder();
        var method = MethodCatalogue.All.Single(method => method.Name == name);
        var problems = new ProblemList();
        var spec = SpecValidation.Read(Encoding.UTF8.GetBytes(Spec(method, dataset(folder.Path)).ToJsonString()), problems);
        if (spec is null)
        {
            Assert.All(problems.Items, problem => Assert.StartsWith("/method", problem.Pointer, StringComparison.Ordinal));
            Assert.True(refused.Contains(name), $"{name}: {string.Join("; ", problems.Items)}");
            return;
        }
        Assert.DoesNotContain(name, refused);
        RunReport? report = null;
        Assert.True(RecordedRun.Of(PlanBuilder.Compile(spec), folder.Path, happened => report = (happened as RunFinished)?.Report ?? report));
        Assert.InRange(report!.Models[^1].Best.Score, 0, 1);
    }

    private static JsonObject Spec(MethodDescription method, JsonObject dataset)
    {
        var spec = new JsonObject
        {
            ["dataset"] = dataset,
            ["student"] = new JsonObject { ["model"] = Student },
            ["method"] = LeakTests.Small(method.Example, Student),
            // Enough for the ten steps that temperatures fall in, twice.
            ["training"] = new JsonObject { ["epochs"] = 20, ["batch_size"] = 64, ["optimizer"] = new JsonObject { ["name"] = "adamw", ["learning_rate"] = 1e-4 } },
            ["evaluation"] = new JsonObject { ["every_epochs"] = 20 },
        };
        if (Json.Read<Method>(method.Example.ToJsonString()).NeedsTeacher) spec["teacher"] = new JsonObject { ["model"] = Teacher };
        return spec;
    }
}
