using System.Text;
using KdService.Core.Datasets;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Core.Weights;

namespace KdService.Core.Tests;

public sealed class ImportsOfSpecTests
{
    private static readonly string[] Labels = ["negative", "neutral", "positive"];

    private static readonly string PhraseDigest = Vocabularies.Phrases.Digest!;

    [Fact]
    public void Spec_WithAnImportedTeacherAndStudent_BecomesAPlanThatCutsTextsAsTheyDo()
    {
        var plan = PlanBuilder.Compile(Spec(), models: Models());
        var texts = Assert.IsAssignableFrom<TextDataset>(plan.Dataset);
        Assert.Equal(new ImportedVocabulary(303, PhraseDigest) { Model = "teacher" }, texts.Imported);
        Assert.Equal(303, texts.Shape.Vocabulary);
        Assert.Equal(("teacher", true, null), (plan.Teacher!.Imported, plan.Teacher.ImportedHead, plan.Teacher.WeightsInput));
        // The student's has no head of its own.
        Assert.Equal(("student", false), (plan.Model("student").Imported, plan.Model("student").ImportedHead));
        Assert.Equal(["teacher", "student"], plan.ImportedModels);
        Assert.Equal(Json.Write(plan), Json.Write(Json.Read<Plan>(Json.Write(plan))));
    }

    [Fact]
    public void Spec_WithModelsOfTwoVocabularies_IsRefusedNamingBoth()
    {
        var models = Models();
        models["student"] = models["student"] with { Vocabulary = new ImportedVocabulary(30_522, "other") };
        Assert.Equal(["/student/init/model: the vocabulary of model student (30522 tokens) is another than that of model teacher (303 tokens); all networks of a job cut texts alike"], Problems(Spec(), models));
    }

    [Fact]
    public void Spec_WhoseDataNameAnotherVocabulary_IsRefusedNamingBoth() => Assert.Equal(
        ["/dataset/vocabulary: \"bert-base-uncased\" (30522 tokens) given, but model teacher (/teacher/imported) has another vocabulary (303 tokens); leave it out, and the model's is taken"],
        Problems(Spec(dataset: """{"name": "phrases", "vocabulary": "bert-base-uncased"}"""), Models()));

    [Fact]
    public void Spec_WhoseTeacherLearnsWithAnotherVocabulary_IsRefusedNamingBoth()
    {
        var problem = Assert.Single(Problems(Spec(teacher: """{"model": "bert-l2-h64"}""", dataset: """{"name": "glue", "task": "sst2"}"""), Models()));
        Assert.StartsWith("/teacher/model: a teacher that learns with the vocabulary bert-base-uncased (30522 tokens) given, but model student", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Spec_WithTextsLongerThanAModelWasMadeFor_IsRefused()
    {
        var models = Models();
        models["teacher"] = models["teacher"] with { LongestText = 16 };
        Assert.Equal(["/dataset/max_length: 32 given; at most 16, the longest text that model teacher was made for"], Problems(Spec(), models));
    }

    [Theory]
    [InlineData(2, "model teacher predicts one of 2 classes; phrases asks for one of 3 classes")]
    [InlineData(0, "model teacher is an encoder without a head for one of 3 classes; train one first")]
    public void Spec_WithATeacherOfAnotherHead_IsRefused(int outputs, string expected)
    {
        var models = Models();
        models["teacher"] = models["teacher"] with { Outputs = outputs, Target = outputs == 0 ? null : Target.Class, Labels = [] };
        Assert.StartsWith($"/teacher/imported: {expected}", Assert.Single(Problems(Spec(), models)), StringComparison.Ordinal);
    }

    [Fact]
    public void Spec_WithATeacherWhoseClassesAreInAnotherOrder_IsRefused()
    {
        var models = Models();
        models["teacher"] = models["teacher"] with { Labels = ["POSITIVE", "NEUTRAL", "NEGATIVE"] };
        Assert.Equal(["/teacher/imported: model teacher has the classes in the order POSITIVE, NEUTRAL, NEGATIVE; phrases has negative, neutral, positive"], Problems(Spec(), models));
        models["teacher"] = models["teacher"] with { Labels = [] };
        Assert.Empty(Problems(Spec(), models));
    }

    [Fact]
    public void Spec_WhoseStudentIsAnotherNetworkThanItsWeights_IsRefused()
    {
        var models = Models();
        models["student"] = models["student"] with { Architecture = "bert-mini" };
        Assert.Equal(["/student/init/model: model student is a bert-mini, and student.model a bert-l1-h64; the same network"], Problems(Spec(), models));
    }

    [Fact]
    public void Spec_OfPictures_TakesNoImportedModels()
    {
        var problem = Assert.Single(Problems(Spec(dataset: """{"name": "procedural"}""", init: "", student: "resnet8"), Models()));
        Assert.Equal("/teacher/imported: model teacher given, which takes texts; the inputs of procedural are pictures of 3x32x32", problem);
    }

    [Fact]
    public void Student_OfTeacherLayers_BeginsWithTheLastOfEveryK()
    {
        var spec = Spec(init: """{"from": "teacher_layers"}""", student: "bert-l2-h64");
        Assert.Equal([1, 3], PlanBuilder.Compile(spec, models: Models()).Model("student").TeacherLayers);
        Assert.Equal([0, 3], PlanBuilder.Compile(Spec(init: """{"from": "teacher_layers", "layers": [0, 3]}""", student: "bert-l2-h64"), models: Models()).Model("student").TeacherLayers);
    }

    [Theory]
    [InlineData("bert-l2-h128", "", "a student of width 128 and a teacher of width 64 given")]
    [InlineData("roberta-l2-h64", "", "a Roberta student and a Bert teacher given")]
    [InlineData("bert-l2-h64", ", \"layers\": [0, 7]", "layers 0, 7 given; the teacher has 0 to 3")]
    [InlineData("bert-l2-h64", ", \"layers\": [1]", "1 layers given; the student has 2")]
    public void Student_OfTeacherLayersThatDoNotFit_IsRefused(string student, string layers, string expected) => Assert.StartsWith(
        $"/student/init: {expected}", Assert.Single(Problems(Spec(init: $$"""{"from": "teacher_layers"{{layers}}}""", student: student), Models())), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"imported": "a", "model": "bert-tiny"}""", "/teacher: exactly one of model")]
    [InlineData("""{"imported": "a", "seed": 3}""", "/teacher/seed: given with imported; an imported model has its seed")]
    public void Teacher_OfTwoKinds_IsRefused(string teacher, string expected)
    {
        var problems = new ProblemList();
        SpecValidation.Read(Document(teacher, """{"name": "phrases"}""", "", "bert-l1-h64"), problems);
        Assert.Contains(problems.Items, problem => $"{problem.Pointer}: {problem.Detail}".StartsWith(expected, StringComparison.Ordinal));
    }

    private static JobSpec Spec(
        string teacher = """{"imported": "teacher"}""", string dataset = """{"name": "phrases"}""", string init = """{"from": "imported", "model": "student"}""", string student = "bert-l1-h64") =>
        SpecValidation.ReadOrThrow(Document(teacher, dataset, init, student));

    private static byte[] Document(string teacher, string dataset, string init, string student)
    {
        var begins = init.Length > 0 ? $", \"init\": {init}" : "";
        return Encoding.UTF8.GetBytes($$"""{"dataset": {{dataset}}, "teacher": {{teacher}}, "student": {"model": "{{student}}"{{begins}} }, "method": {"name": "kd"} }""");
    }

    private static Dictionary<string, ImportedModel> Models()
    {
        var teacher = new ImportedModel
        {
            Architecture = "bert-l4-h64",
            Vocabulary = new ImportedVocabulary(303, PhraseDigest),
            LongestText = 512,
            Target = Target.Class,
            Outputs = 3,
            Labels = Labels,
            Parameters = 1,
            Files = [],
            Digest = "",
        };
        return new() { ["teacher"] = teacher, ["student"] = teacher with { Architecture = "bert-l1-h64", Target = null, Outputs = 0, Labels = [] } };
    }

    private static List<string> Problems(JobSpec spec, Dictionary<string, ImportedModel> models)
    {
        var problems = new ProblemList();
        var plan = PlanBuilder.Compile(spec, null, problems, models);
        Assert.Equal(plan is null, problems.Items.Count > 0);
        return [.. problems.Items.Select(problem => $"{problem.Pointer}: {problem.Detail}")];
    }
}
