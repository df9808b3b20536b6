using System.Text;
using KdService.Core.Datasets;
using KdService.Core.Plans.Robustness;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Tests;

/// <summary>Specs that ask for spans.</summary>
public sealed class SquadTests
{
    [Theory]
    [InlineData("""{"name": "kd"}""")]
    [InlineData("""{"name": "annealing_kd", "max_temperature": 4}""")]
    [InlineData("""{"name": "continuation_kd", "max_temperature": 4}""")]
    [InlineData("""{"name": "pro_kd", "max_temperature": 2, "checkpoints": 2}""")]
    [InlineData("""{"name": "takd", "assistants": ["bert-l2-h128"]}""")]
    [InlineData("""{"name": "dkd"}""")]
    [InlineData("""{"name": "label_smoothing"}""")]
    public void Method_OnLogits_TakesSpans(string method) => Assert.Empty(Problems(method));

    [Theory]
    [InlineData("kd_pt_sim")]
    [InlineData("kd_topk")]
    [InlineData("dist")]
    [InlineData("crd")]
    public void Method_OnClasses_IsRefusedWithTheReason(string method)
    {
        var problem = Problems($$"""{"name": "{{method}}"}""")[0];
        Assert.Equal("/method", problem.Pointer);
        Assert.StartsWith($"{method} given, whose loss ", problem.Detail, StringComparison.Ordinal);
        Assert.EndsWith("is about classes; squad v1 asks for a span, whose start and end no two texts have in common: a method such as kd or none", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void LabelSmoothing_OfAValue_IsRefusedByItsName()
    {
        var problems = new ProblemList();
        SpecValidation.Read("""{"dataset": {"name": "glue", "task": "stsb"}, "student": {"model": "bert-tiny"}, "method": {"name": "label_smoothing"}}"""u8.ToArray(), problems);
        Assert.Equal("label_smoothing given, whose loss cross_entropy is about classes; glue stsb asks for a value: a method such as kd or none", Assert.Single(problems.Items).Detail);
    }

    [Theory]
    [InlineData("\"train\": \"own.json\"", "/dataset/train_questions")]
    [InlineData("\"test\": \"own.json\"", "/dataset/test_questions")]
    [InlineData("\"max_question\": 380", "/dataset/max_question")]
    [InlineData("\"null_threshold\": 1", "/dataset/null_threshold")]
    [InlineData("\"version\": \"v3\"", "/dataset/version")]
    public void Dataset_OfOptionsThatDoNotFit_IsRefusedAtTheField(string option, string pointer) =>
        Assert.Equal(pointer, Assert.Single(Problems("""{"name": "kd"}""", option)).Pointer);

    [Fact]
    public void Squad_AsPublished_HasItsFilesAndCounts()
    {
        var second = new Squad { Version = SquadVersion.V2 };
        Assert.Equal((130_319, 11_873, "squad/dev-v2.0.json"), (second.TrainSize, second.TestSize, second.TestFile.Path));
        Assert.Equal((Target.Span, 2, 768), (second.Shape.Target, second.Shape.Classes, second.Shape.Outputs));
    }

    [Theory]
    [InlineData("""{"name": "squad", "version": "v2"}""", null, null)]
    [InlineData("""{"name": "squad", "test": "own/hard.json", "test_questions": 100}""", null, null)]
    [InlineData("""{"name": "squad", "test": "own/hard.json"}""", "/dataset/test_questions", "missing with test; how many questions of that file are used")]
    [InlineData("""{"name": "glue", "task": "rte"}""", "/dataset", "glue rte given, which asks for a class; the networks of the job predict a span")]
    [InlineData("""{"name": "squad"}""", "/labels", "given, but squad asks for no class; leave it out", true)]
    public void OtherData_OfQuestions_IsQuestions(string dataset, string? pointer, string? detail, bool labels = false)
    {
        var problems = new ProblemList();
        var other = new OtherData { Dataset = Json.Read<Dataset>(dataset), Labels = labels ? new() { ["yes"] = "no" } : [] };
        other.Check(new Squad { MaxLength = 128 }, problems);
        var found = problems.Items.SingleOrDefault();
        Assert.Equal((pointer, detail), (found?.Pointer, found?.Detail));
        if (found is null) Assert.Equal(128, ((Squad)other.For(new Squad { MaxLength = 128 })).MaxLength);
    }

    private static IReadOnlyList<Problem> Problems(string method, string option = "\"stride\": 100")
    {
        var teacher = method.Contains("label_smoothing", StringComparison.Ordinal) ? "" : "\"teacher\": {\"model\": \"bert-l4-h128\"},";
        var problems = new ProblemList();
        SpecValidation.Read(Encoding.UTF8.GetBytes($$"""
            {"dataset": {"name": "squad", {{option}} }, {{teacher}} "student": {"model": "bert-l2-h128"}, "method": {{method}}, "training": {"epochs": 10} }
            """), problems);
        return problems.Items;
    }
}
