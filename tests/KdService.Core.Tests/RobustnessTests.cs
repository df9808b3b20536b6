using System.Text;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Tests;

public sealed class RobustnessTests
{
    [Theory]
    [InlineData("procedural", "resnet8", """{"attacks": [{"name": "fgsm", "epsilon": 300}]}""", "/evaluation/attacks/0/epsilon", "300 given; at most 255, which already is any picture at all")]
    [InlineData("procedural", "resnet8", """{"attacks": [{"name": "pgd", "epsilon": 0}]}""", "/evaluation/attacks/0/epsilon", "0 given; a number above 0, at most 100000")]
    [InlineData("procedural", "resnet8", """{"attacks": [{"name": "fgsm"}, {"name": "fgsm", "samples": 9}]}""", "/evaluation/attacks/1", "fgsm 8/255 given twice; each once")]
    [InlineData("procedural", "resnet8", """{"attacks": [{"name": "magic"}]}""", "/evaluation/attacks/0/name", "\"magic\" given; one of fgsm, pgd")]
    [InlineData("procedural", "resnet8", """{"corruptions": {"severities": [6]}}""", "/evaluation/corruptions/severities/0", "6 given; an integer from 1 to 5")]
    [InlineData("procedural", "resnet8", """{"corruptions": {"kinds": []}}""", "/evaluation/corruptions/kinds", "none given; at least one corruption, or leave it out for all")]
    [InlineData("phrases", "bert-l1-h64", """{"attacks": [{"name": "pgd"}]}""", "/evaluation/attacks/0", "pgd given, which attacks pictures; the inputs of phrases are texts of at most 32 tokens")]
    [InlineData("clusters", "mlp64", """{"corruptions": {}}""", "/evaluation/corruptions", "given, but the inputs of clusters are vectors of 32; corruptions are those of pictures")]
    public void Evaluation_ThatDoesNotFit_IsRefusedAtItsPlace(string dataset, string student, string evaluation, string pointer, string detail)
    {
        var problems = new ProblemList();
        Assert.Null(SpecValidation.Read(Spec(dataset, student, evaluation), problems));
        Assert.Contains(new Problem(pointer, detail), problems.Items);
    }

    [Fact]
    public void Robustness_IsAskedOfTheStudentAlone_AndSurvivesStorage()
    {
        var spec = SpecValidation.ReadOrThrow(Spec("procedural", "resnet8", """{"attacks": [{"name": "pgd", "norm": "l2", "epsilon": 128}], "corruptions": {"kinds": ["jpeg"]}}"""));
        Assert.Equal("pgd l2 128/255 x10", Assert.Single(spec.Evaluation.Attacks).Label);
        var stored = Json.Write(PlanBuilder.Compile(spec));
        Assert.Equal(stored, Json.Write(Json.Read<Plan>(stored)));

        var teacher = TeacherRecipe.JobFor(spec with { Teacher = new TeacherSpec { Model = "resnet8" } });
        Assert.Empty(teacher.Evaluation.Attacks);
        Assert.Null(teacher.Evaluation.Corruptions);
        Assert.True(Estimate.Of(PlanBuilder.Compile(spec), 1).Seconds > Estimate.Of(PlanBuilder.Compile(spec with { Evaluation = new() }), 1).Seconds);
    }

    private static byte[] Spec(string dataset, string student, string evaluation) => Encoding.UTF8.GetBytes(
        $$"""{"dataset": {"name": "{{dataset}}"}, "student": {"model": "{{student}}"}, "method": {"name": "none"}, "evaluation": {{evaluation}}}""");
}
