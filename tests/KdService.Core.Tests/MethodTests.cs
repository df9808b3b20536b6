using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Tests;

public class MethodTests
{
    public static TheoryData<string> All => new(MethodCatalogue.All.Select(method => method.Name));

    [Theory]
    [MemberData(nameof(All))]
    public void Example_OfEveryMethod_CompilesToAPlanThatReadsBack(string name)
    {
        var plan = PlanBuilder.Compile(Spec(MethodCatalogue.All.Single(method => method.Name == name).Example.ToJsonString()));
        Assert.NotEmpty(plan.Stages);
        Assert.Equal(Json.Write(plan), Json.Write(Json.Read<Plan>(Json.Write(plan))));
        Assert.True(Estimate.Of(plan, threads: 1).Seconds > 0);
    }

    [Fact]
    public void ProKd_WithOneCheckpoint_IsAnnealingKdOnTheFinalCheckpoint()
    {
        var annealing = PlanBuilder.Compile(Spec("""{"name": "annealing_kd"}"""));
        var pro = PlanBuilder.Compile(Spec("""{"name": "pro_kd", "checkpoints": 1}"""));
        Assert.Equal(Enumerable.Repeat(30, 15), pro.Stages[0].Curriculum!.Route);
        var plain = pro.Stages[0] with { Name = "annealing", Curriculum = pro.Stages[0].Curriculum! with { Route = null } };
        Assert.Equal(Json.Write(annealing.Stages[0]), Json.Write(plain));
        Assert.Equal(Json.Write(annealing.Stages[1] with { StartFrom = null }), Json.Write(pro.Stages[1] with { StartFrom = null }));
    }

    [Theory]
    [InlineData("", new[] { 3, 3, 6, 9, 9, 12, 15, 15, 18, 21, 21, 24, 27, 27, 30 })]
    [InlineData(""", "checkpoints": 3""", new[] { 12, 12, 12, 12, 12, 21, 21, 21, 21, 21, 30, 30, 30, 30, 30 })]
    [InlineData(""", "checkpoints": 2, "mapping": [2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2]""", new[] { 30, 30, 30, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 30, 30 })]
    public void ProKd_ForAnyMapping_WalksTheCheckpointsThatTheTeacherKeeps(string options, int[] route) =>
        Assert.Equal(route, PlanBuilder.Compile(Spec($$"""{"name": "pro_kd"{{options}}}""")).Stages[0].Curriculum!.Route);

    [Theory]
    [InlineData("""{"name": "pro_kd", "checkpoints": 11}""", "/method/checkpoints", "11 given; at most 10, the checkpoints that the teacher keeps")]
    [InlineData("""{"name": "pro_kd", "mapping": [1, 2]}""", "/method/mapping", "2 entries given; 15")]
    [InlineData("""{"name": "pro_kd", "checkpoints": 1, "mapping": [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]}""", "/method/mapping", "2 given; from 1 to 1")]
    [InlineData("""{"name": "pro_kd", "max_temperature": 16}""", "/method/max_temperature", "16 given; at most 15")]
    [InlineData("""{"name": "rco", "anchors": 11}""", "/method/anchors", "11 given; at most 10")]
    [InlineData("""{"name": "rco", "every_epochs": 5}""", "/method/every_epochs", "given with equal intervals")]
    [InlineData("""{"name": "ensemble_kd", "members": []}""", "/method/members", "an empty list given")]
    [InlineData("""{"name": "ensemble_kd", "members": ["resnet9"]}""", "/method/members/0", "resnet9")]
    [InlineData("""{"name": "backward_kd", "samples": {"step_size": 0}}""", "/method/samples/step_size", "0 given; a number above 0")]
    [InlineData("""{"name": "backward_kd", "samples": {"name": "backward_pass"}}""", "/method/samples/name", "unknown field")]
    [InlineData("""{"name": "custom", "models": [{"id": "m", "model": "resnet8"}], "stages": [{"name": "a", "trains": "m", "losses": [{"objective": {"name": "kd"}}]}]}""", "/method/stages", "no stage trains the student")]
    [InlineData("""{"name": "custom", "stages": [{"name": "a", "losses": []}, {"name": "b", "losses": [{"objective": {"name": "kd"}}]}]}""", "/method/stages/0/losses", "an empty list given")]
    [InlineData("""{"name": "custom", "stages": [{"name": "a", "losses": [{"objective": {"name": "kd", "alpha": 2}}]}]}""", "/method/stages/0/losses/0/objective/alpha", "2 given; a number from 0 to 1")]
    [InlineData("""{"name": "custom", "stages": [{"name": "a", "losses": [null]}]}""", "/method/stages/0/losses/0", "null given")]
    [InlineData("""{"name": "custom", "stages": [{"name": "a"}]}""", "/method/stages/0/losses", "missing")]
    [InlineData("""{"name": "custom", "stages": [{"name": "a", "trains": "nobody", "losses": [{"objective": {"name": "kd"}}]}, {"name": "b", "losses": [{"objective": {"name": "kd"}}]}]}""", "/method/stages/0/trains", "\"nobody\" given; one of student")]
    [InlineData("""{"name": "custom", "stages": [{"name": "a", "losses": [{"objective": {"name": "kd"}}], "curriculum": {"source": "nobody"}}, {"name": "b", "losses": [{"objective": {"name": "kd"}}]}]}""", "/method/stages/0/curriculum/source", "\"nobody\" given")]
    [InlineData("""{"name": "custom", "stages": [{"name": "a", "losses": [{"objective": {"name": "kd"}}], "start_from": {"stage": "b"}}]}""", "/method/stages/0/start_from/stage", "\"b\" given; an earlier stage")]
    [InlineData("""{"name": "custom", "stages": [{"name": "a", "losses": [{"objective": {"name": "kd"}}], "curriculum": {"checkpoints": 11}}]}""", "/method/stages/0/curriculum/checkpoints", "11 given; at most 10")]
    [InlineData("""{"name": "custom", "models": [{"id": "m", "model": "resnet8"}], "stages": [{"name": "a", "losses": [{"objective": {"name": "kd"}}]}]}""", "/method/models/0/id", "no stage trains it")]
    [InlineData("""{"name": "custom", "models": [{"id": "m", "model": "resnet8"}], "stages": [{"name": "a", "losses": [{"objective": {"name": "kd"}}], "peers": [{"trains": "m", "losses": [{"objective": {"name": "kd"}}]}]}]}""", "/method/stages/0/peers/0/source", "missing; a loss of this network needs a teacher")]
    public void Method_ThatCannotBe_IsRefusedWithItsPlace(string method, string pointer, string detail)
    {
        var problems = new ProblemList();
        Assert.Null(SpecValidation.Read(Document(method), problems));
        Assert.Contains(problems.Items, problem => problem.Pointer == pointer && problem.Detail.Contains(detail, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""[{"name": "a", "losses": [{"objective": {"name": "cross_entropy"}}], "curriculum": {"source": "xx"}}]""", "/method/stages/0/curriculum/source", "\"xx\" given")]
    [InlineData("""[{"name": "a", "losses": [{"objective": {"name": "cross_entropy"}}], "trains": "teacher"}]""", "/method/stages/0/trains", "\"teacher\" given; one of student")]
    [InlineData("[]", "/method/stages", "no stage trains the student")]
    [InlineData("""[{"name": "a", "losses": [{"objective": {"name": "cross_entropy"}}]}]""", "/teacher", "given, but method custom has no teacher")]
    public void Custom_WithATeacher_IsToldThatItNeedsNoneOnlyIfItsStagesAreRight(string stages, string pointer, string detail)
    {
        var problems = new ProblemList();
        Assert.Null(SpecValidation.Read(Document($$"""{"name": "custom", "stages": {{stages}}}"""), problems));
        Assert.Equal(pointer == "/teacher", problems.Items.Any(problem => problem.Pointer == "/teacher"));
        Assert.Contains(problems.Items, problem => problem.Pointer == pointer && problem.Detail.StartsWith(detail, StringComparison.Ordinal));
    }

    [Fact]
    public void ProKd_FromAJobWithoutCheckpoints_IsRefused()
    {
        var spec = Spec("""{"name": "pro_kd"}""") with { Teacher = new TeacherSpec { Job = SortableId.New() } };
        var problems = new ProblemList();
        Assert.Null(PlanBuilder.Compile(spec, new TeacherFacts("resnet20", []), problems));
        Assert.Equal("/teacher/job", Assert.Single(problems.Items).Pointer);
    }

    [Theory]
    [InlineData(30, 10, new[] { 3, 6, 9, 12, 15, 18, 21, 24, 27, 30 })]
    [InlineData(7, 3, new[] { 2, 4, 6, 7 })]
    [InlineData(3, 10, new[] { 1, 2, 3 })]
    public void Teacher_ByRecipe_KeepsEvenlySpacedCheckpointsAndItsLast(int epochs, int checkpoints, int[] kept)
    {
        var spec = Spec("""{"name": "kd"}""");
        spec = spec with { Teacher = spec.Teacher! with { Checkpoints = checkpoints, Training = new TrainingSpec { Epochs = epochs } } };
        Assert.Equal(kept, TeacherRecipe.FactsFor(spec).Checkpoints);
    }

    [Theory]
    [InlineData(typeof(ProKd))]
    [InlineData(typeof(Takd))]
    [InlineData(typeof(Rco))]
    [InlineData(typeof(EnsembleKd))]
    public void Options_ThatMayBeLeftOut_SayWhereTheirDefaultsComeFrom(Type method) =>
        Assert.DoesNotContain(method.GetProperties(), property =>
            property.GetCustomAttribute<FieldAttribute>() is { Evidence: null } && !property.IsDefined(typeof(RequiredMemberAttribute)));

    private static JobSpec Spec(string method) => SpecValidation.ReadOrThrow(Document(method));

    private static byte[] Document(string method)
    {
        var name = method.Split('"')[3];
        var description = MethodCatalogue.All.FirstOrDefault(known => known.Name == name);
        var (dataset, large, small) = description?.TextsOnly == true ? ("phrases", "bert-l4-h64", "bert-l2-h64") : ("procedural", "resnet20", "resnet8");
        var teacher = description?.NeedsTeacher != false ? $$""" "teacher": {"model": "{{large}}"},""" : "";
        return Encoding.UTF8.GetBytes($$"""{"dataset": {"name": "{{dataset}}"},{{teacher}} "student": {"model": "{{small}}"}, "method": {{method}}}""");
    }
}
