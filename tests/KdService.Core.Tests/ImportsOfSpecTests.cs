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

        models["student"] = models["student"] with { Vocabulary = new ImportedVocabulary(303, "other") };
        Assert.Contains("(303 tokens), in its tokens or in how its tokenizer treats cases and accents; all networks", Assert.Single(Problems(Spec(), models)), StringComparison.Ordinal);
    }

    [Fact]
    public void Spec_WhoseDataNameAnotherVocabulary_IsRefusedNamingBoth() => Assert.Equal(
        ["/dataset/vocabulary: \"bert-base-uncased\" (30522 tokens) given, but model teacher (/teacher/imported) has another vocabulary (303 tokens); leave it out, and the model's is taken"],
        Problems(Spec(dataset: """{"name": "phrases", "vocabulary": "bert-base-uncased"}"""), Models()));

    [Fact]
    public void Spec_OfPhrases_IsCutWithTheVocabularyOfItsModels()
    {
        var vocabulary = new ImportedVocabulary(30_522, "other");
        var models = Models().ToDictionary(model => model.Key, model => model.Value with { Vocabulary = vocabulary });
        Assert.Equal(vocabulary with { Model = "teacher" }, ((TextDataset)PlanBuilder.Compile(Spec(), models: models).Dataset).Imported);
    }

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

    private const string FineTuned = """{"model": "bert-l4-h64", "init": {"from": "imported", "model": "teacher"} }""";

    [Fact]
    public void Teacher_ThatBeginsWithAnImportedModel_IsAJobThatFineTunesItOnTheData()
    {
        var spec = Spec(teacher: FineTuned, init: "");
        var plan = PlanBuilder.Compile(spec, models: Models());
        Assert.Equal((null, PlanBuilder.Teacher), (plan.Teacher!.Imported, plan.Teacher.WeightsInput));
        // What it cuts texts with the student does, too.
        Assert.Equal(new ImportedVocabulary(303, PhraseDigest) { Model = "teacher" }, ((TextDataset)plan.Dataset).Imported);

        var recipe = TeacherRecipe.JobFor(spec);
        var trained = PlanBuilder.Compile(recipe, models: Models());
        Assert.Equal(("bert-l4-h64", "teacher", true), (trained.Model("student").Architecture, trained.Model("student").Imported, trained.Model("student").ImportedHead));
        Assert.Equal(((TextDataset)plan.Dataset).VocabularyKey, ((TextDataset)trained.Dataset).VocabularyKey);
        // Another teacher than the same network from scratch, which is one however it is said.
        var scratch = TeacherRecipe.Digest(TeacherRecipe.JobFor(Spec(teacher: """{"model": "bert-l4-h64"}""", init: "")));
        Assert.NotEqual(TeacherRecipe.Digest(recipe), scratch);
        Assert.Equal(scratch, TeacherRecipe.Digest(TeacherRecipe.JobFor(Spec(teacher: """{"model": "bert-l4-h64", "init": {"from": "random"} }""", init: ""))));
    }

    [Fact]
    public void Teacher_ThatBeginsWithAnImportedModel_MayHaveAnotherHeadThanThat()
    {
        var models = Models();
        models["teacher"] = models["teacher"] with { Target = null, Outputs = 0, Labels = [] };
        Assert.Empty(Problems(Spec(teacher: FineTuned), models));
        Assert.False(PlanBuilder.Compile(TeacherRecipe.JobFor(Spec(teacher: FineTuned)), models: models).Model("student").ImportedHead);
    }

    [Fact]
    public void Teacher_ThatBeginsWithAModelThatDoesNotFit_IsRefused()
    {
        Assert.Equal(["/teacher/init/model: model teacher is a bert-l4-h64, and teacher.model a bert-mini; the same network"],
            Problems(Spec(teacher: FineTuned.Replace("bert-l4-h64", "bert-mini", StringComparison.Ordinal)), Models()));
        var models = Models();
        models["student"] = models["student"] with { Vocabulary = new ImportedVocabulary(30_522, "other") };
        Assert.Equal(["/student/init/model: the vocabulary of model student (30522 tokens) is another than that of model teacher (303 tokens); all networks of a job cut texts alike"],
            Problems(Spec(teacher: FineTuned), models));
        models.Remove("teacher");
        Assert.Contains("/teacher/init/model: \"teacher\" given; the id of an imported model (GET /v1/models lists them)", Problems(Spec(teacher: FineTuned), models));
    }

    [Theory]
    [InlineData("""{"name": "pro_kd", "max_temperature": 2}""")]
    [InlineData("""{"name": "rco"}""")]
    public void Methods_OfCheckpoints_FollowATeacherThatIsTrained_AndSayOfABareModelWhatToDo(string method)
    {
        Assert.NotEmpty(PlanBuilder.Compile(Spec(teacher: FineTuned, method: method), models: Models()).TeacherCheckpoints);
        Assert.Equal(["""/teacher/imported: an imported model has no checkpoints of its training; one that is trained on the data has: {"model": "bert-l4-h64", "init": {"from": "imported", "model": "teacher"} } as teacher"""],
            Problems(Spec(method: method), Models()));
    }

    [Fact]
    public void Names_InEveryPlace_AreReplacedTogether()
    {
        const string mate = """{"name": "mate_kd", "imported_generator": "guesser"}""";
        var renamed = ImportsOfSpec.Renamed(Spec(teacher: FineTuned, method: mate), (pointer, id) => $"{pointer} {id}");
        Assert.Equal(["/teacher/init/model teacher", "/student/init/model student", "/method/imported_generator guesser"], ImportsOfSpec.Named(renamed).Select(named => named.Id));
        Assert.Equal([("/teacher/imported", "x")], ImportsOfSpec.Named(ImportsOfSpec.Renamed(Spec(init: ""), (_, _) => "x")));
        Assert.Equal(Json.Write(Spec(init: "", teacher: """{"model": "bert-tiny"}""")), Json.Write(ImportsOfSpec.Renamed(Spec(init: "", teacher: """{"model": "bert-tiny"}"""), (_, _) => "x")));
    }

    [Fact]
    public void Teacher_ThatIsMissing_IsAskedForInItsThreeForms()
    {
        var problems = new ProblemList();
        SpecValidation.Read("""{"dataset": {"name": "phrases"}, "student": {"model": "bert-tiny"}, "method": {"name": "kd"}}"""u8.ToArray(), problems);
        Assert.Equal("""missing; method kd needs a teacher: {"model": "bert-tiny"} to train one, {"job": "..."}, a finished job, or {"imported": "..."}, an imported model that reads texts""",
            Assert.Single(problems.Items).Detail);
    }

    [Theory]
    [InlineData("""{"imported": "a", "init": {"from": "imported", "model": "b"} }""", "/teacher/init: given with imported; an imported model has its weights")]
    [InlineData("""{"job": "01jzc0f2w8k5m3v7q9x1n4b6dr", "init": {"from": "random"} }""", "/teacher/init: given with job; a finished job has its weights")]
    [InlineData("""{"model": "bert-tiny", "init": {"from": "teacher_layers"} }""", "/teacher/init/from: \"teacher_layers\" given, but a teacher has no teacher")]
    [InlineData("""{"imported": "a", "model": "bert-tiny"}""", "/teacher: exactly one of model")]
    [InlineData("""{"imported": "a", "seed": 3}""", "/teacher/seed: given with imported; an imported model has its seed")]
    public void Teacher_OfTwoKinds_IsRefused(string teacher, string expected)
    {
        var problems = new ProblemList();
        SpecValidation.Read(Document(teacher, """{"name": "phrases"}""", "", "bert-l1-h64"), problems);
        Assert.Contains(problems.Items, problem => $"{problem.Pointer}: {problem.Detail}".StartsWith(expected, StringComparison.Ordinal));
    }

    private static JobSpec Spec(
        string teacher = """{"imported": "teacher"}""", string dataset = """{"name": "phrases"}""", string init = """{"from": "imported", "model": "student"}""", string student = "bert-l1-h64",
        string method = """{"name": "kd"}""") =>
        SpecValidation.ReadOrThrow(Document(teacher, dataset, init, student, method));

    private static byte[] Document(string teacher, string dataset, string init, string student, string method = """{"name": "kd"}""")
    {
        var begins = init.Length > 0 ? $", \"init\": {init}" : "";
        return Encoding.UTF8.GetBytes($$"""{"dataset": {{dataset}}, "teacher": {{teacher}}, "student": {"model": "{{student}}"{{begins}} }, "method": {{method}} }""");
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
