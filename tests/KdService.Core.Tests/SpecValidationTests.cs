using System.Text;
using System.Text.Json;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Tests;

public class SpecValidationTests
{
    private const string Good = """
        {"dataset": {"name": "cifar10"}, "teacher": {"model": "resnet20"}, "student": {"model": "resnet8"},
         "method": {"name": "annealing_kd", "max_temperature": 5}, "training": {"epochs": 20}}
        """;

    [Fact]
    public void Read_ValidSpec_FillsDefaultsAndSurvivesStorage()
    {
        var spec = SpecValidation.ReadOrThrow(Encoding.UTF8.GetBytes(Good));
        Assert.Equal(5, Assert.IsType<AnnealingKd>(spec.Method).MaxTemperature);
        Assert.Equal(128, spec.Training.BatchSize);
        var stored = Json.Write(spec);
        Assert.Equal(stored, Json.Write(Json.Read<JobSpec>(stored)));
    }

    [Fact]
    public void Compile_AnnealingKd_HasTwoStagesAndSurvivesStorage()
    {
        var plan = PlanBuilder.Compile(SpecValidation.ReadOrThrow(Encoding.UTF8.GetBytes(Good)));
        Assert.Equal(["annealing", "labels"], plan.Stages.Select(stage => stage.Name));
        Assert.Equal(new StartFrom("annealing", WeightsOf.Best), plan.Stages[1].StartFrom);
        var stored = Json.Write(plan);
        Assert.Equal(stored, Json.Write(Json.Read<Plan>(stored)));
    }

    [Theory]
    [InlineData("""{"name": "kd", "alpha": 1.5}""", "/method/alpha", "1.5 given; a number from 0 to 1")]
    [InlineData("""{"name": "kd", "temprature": 2}""", "/method/temprature", "unknown field; did you mean temperature?")]
    [InlineData("""{"name": "annealing_kd", "max_temperature": 0}""", "/method/max_temperature", "0 given; an integer from 1 to 100")]
    [InlineData("""{"name": "magic"}""", "/method/name", "\"magic\" given; one of annealing_kd, ")]
    [InlineData("""{"name": "takd", "assistants": ["resnet9"]}""", "/method/assistants/0", "resnet9")]
    [InlineData("""{"name": "kd", "alpha": "NaN"}""", "/method/alpha", "\"NaN\" given; a number from 0 to 1")]
    public void Read_BadMethod_NamesTheField(string method, string pointer, string detail)
    {
        var problems = new ProblemList();
        var json = $$"""{"dataset": {"name": "cifar10"}, "teacher": {"model": "resnet20"}, "student": {"model": "resnet8"}, "method": {{method}}}""";
        Assert.Null(SpecValidation.Read(Encoding.UTF8.GetBytes(json), problems));
        var problem = Assert.Single(problems.Items, problem => problem.Pointer == pointer);
        Assert.Contains(detail, problem.Detail);
    }

    [Theory]
    [InlineData("test", "\"/etc/x.csv\"", "/dataset/test", "\"/etc/x.csv\" given; a path below the data root that ends in .csv, .tsv or .jsonl: letters, digits, spaces and _ . / -, without .. and with no / at its beginning")]
    [InlineData("label", "\"text\"", "/dataset/label", "text given, a column of text as well; a column of its own")]
    [InlineData("judged_by", "\"f1\"", "/dataset/judged_by", "f1 given; pearson, as a number is predicted")]
    [InlineData("judged_by", "\"pearson\", \"labels\": [\"a\", \"b\"]", "/dataset/judged_by", "pearson given; accuracy, f1 or matthews, as there are labels")]
    [InlineData("judged_by", "\"f1\", \"labels\": [\"a\", \"b\", \"c\"]", "/dataset/judged_by", "f1 given with 3 labels; it is defined for 2")]
    public void Read_TextFilesThatAreNot_SaysWhatIsInTheWordsOfTheSpec(string field, string value, string pointer, string expected)
    {
        var problems = new ProblemList();
        var test = field == "test" ? "" : "\"test\": \"b.tsv\", ";
        SpecValidation.Read(Encoding.UTF8.GetBytes($$"""
            {"dataset": {"name": "text_files", "train": "a.tsv", {{test}} "train_rows": 100, "test_rows": 10, "{{field}}": {{value}} }, "student": {"model": "bert-tiny"}, "method": {"name": "none"} }
            """), problems);
        var problem = Assert.Single(problems.Items);
        Assert.Equal((pointer, expected), (problem.Pointer, problem.Detail));
    }

    [Theory]
    [InlineData("bert-tinny", "did you mean bert-tiny?")]
    [InlineData("BERT-base", "did you mean bert-base?")]
    [InlineData("bert-base-uncased", "did you mean bert-base?")]
    [InlineData("distilroberta-base", "did you mean distilroberta?")]
    [InlineData("bert-l1-h100", "a network such as bert-tiny, bert-base, roberta-base or, for any size, bert-l4-h256: layers, and a hidden width that is a multiple of 64")]
    [InlineData("resnet9", "a network such as bert-tiny")]
    public void Read_ANetworkThatIsNotThere_NamesOneThatReadsTexts(string student, string expected)
    {
        var problems = new ProblemList();
        Assert.Null(SpecValidation.Read(Encoding.UTF8.GetBytes($$"""{"dataset": {"name": "phrases"}, "student": {"model": "{{student}}"}, "method": {"name": "none"} }"""), problems));
        Assert.StartsWith($"\"{student}\" given; {expected}", Assert.Single(problems.Items).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"name": "clusters"}""", "resnet20", "mlp64", """{"name": "kd"}""", "/teacher/model", "\"resnet20\" given, which takes pictures of 3x32x32; the inputs of clusters are vectors of 32")]
    [InlineData("""{"name": "clusters", "dimension": 8}""", "mlp64", "plane2", """{"name": "kd"}""", "/student/model", "the inputs of clusters are vectors of 8: a network such as mlp64")]
    [InlineData("""{"name": "cifar100"}""", "resnet20", "mlp64", """{"name": "kd"}""", "/student/model", "\"mlp64\" given, which takes vectors; the inputs of cifar100 are pictures of 3x32x32")]
    [InlineData("""{"name": "clusters"}""", "mlp1024", "mlp64", """{"name": "takd", "assistants": ["mlp256", "resnet8"]}""", "/method/assistants/1", "\"resnet8\" given, which takes pictures")]
    [InlineData("""{"name": "clusters", "augmentation": "crop_flip"}""", "mlp256", "mlp64", """{"name": "kd"}""", "/dataset/augmentation", "unknown field")]
    [InlineData("""{"name": "clusters", "superclasses": 1, "classes_per_superclass": 1}""", "mlp256", "mlp64", """{"name": "kd"}""", "/dataset/classes_per_superclass", "2 to 1000 classes")]
    [InlineData("""{"name": "clusters", "dimension": 4096, "samples": 1000000}""", "mlp256", "mlp64", """{"name": "kd"}""", "/dataset/dimension", "at most 1000000000 numbers")]
    public void Read_NetworkOrOptionsThatDoNotFitTheInputs_AreRefused(string dataset, string teacher, string student, string method, string pointer, string detail)
    {
        var problems = new ProblemList();
        var json = $$"""{"dataset": {{dataset}}, "teacher": {"model": "{{teacher}}"}, "student": {"model": "{{student}}"}, "method": {{method}}}""";
        Assert.Null(SpecValidation.Read(Encoding.UTF8.GetBytes(json), problems));
        var problem = Assert.Single(problems.Items);
        Assert.Equal(pointer, problem.Pointer);
        Assert.Contains(detail, problem.Detail);
    }

    [Fact]
    public void Read_Clusters_IsNotAugmentedAndSurvivesStorage()
    {
        var spec = SpecValidation.ReadOrThrow("""{"dataset": {"name": "clusters"}, "student": {"model": "mlp64"}, "method": {"name": "none"}}"""u8.ToArray());
        Assert.Equal((1, 20), (spec.Dataset.DistinctViews, spec.Dataset.Classes));
        var stored = Json.Write(PlanBuilder.Compile(spec));
        Assert.Equal(stored, Json.Write(Json.Read<Plan>(stored)));
        Assert.Equal(1, Json.Read<Plan>(stored).Dataset.DistinctViews);
    }

    [Theory]
    [InlineData("""{"dataset": {"name": "cifar10"}""", "", "not valid JSON")]
    [InlineData("""{"student": {"model": "resnet8"}, "student": {"model": "resnet8"}}""", "", "not valid JSON")]
    [InlineData("""[1, 2]""", "", "[1, 2] given; an object")]
    [InlineData("""{"seed": NaN}""", "", "not valid JSON")]
    [InlineData("""{"seed": 1.5}""", "/seed", "1.5 given; an integer from 0")]
    [InlineData("""{"seed": -1}""", "/seed", "-1 given; an integer from 0")]
    [InlineData("""{"seed": 1e400}""", "/seed", "1e400 given; an integer")]
    [InlineData("""{"seed": "1"}""", "/seed", "\"1\" given; an integer")]
    [InlineData("""{"seed": null}""", "/seed", "null given")]
    [InlineData("""{"queue": "../x"}""", "/queue", "\"../x\" given")]
    [InlineData("""{"labels": {"a": 1}}""", "/labels/a", "1 given; a string")]
    [InlineData("""{"labels": []}""", "/labels", "[] given; an object of strings")]
    [InlineData("""{"dataset": {"name": "imagenet"}}""", "/dataset/name", "\"imagenet\" given; one of advglue, amazon, cifar10, ")]
    [InlineData("""{"dataset": {}}""", "/dataset/name", "missing; one of")]
    [InlineData("""{"dataset": {"name": "cifar10", "train_limit": 50001}}""", "/dataset/train_limit", "50001 given; at most 50000")]
    [InlineData("""{"student": {"model": "resnet9"}}""", "/student/model", "\"resnet9\" given")]
    [InlineData("""{"teacher": {"job": "../../x"}}""", "/teacher/job", "given; a string that matches")]
    [InlineData("""{"teacher": {}}""", "/teacher", "exactly one of model")]
    [InlineData("""{"teacher": {"model": "resnet20", "job": "01jd0000000000000000000000"}}""", "/teacher", "exactly one of model")]
    [InlineData("""{"evaluation": {"protocol": "cheat"}}""", "/evaluation/protocol", "\"cheat\" given; one of holdout, paper")]
    [InlineData("""{"training": {"optimizer": {"name": "sgd", "learning_rate": 0}}}""", "/training/optimizer/learning_rate", "0 given; a number above 0")]
    [InlineData("""{"training": {"schedule": {"name": "multi_step", "milestones": [0.5, 2]}}}""", "/training/schedule/milestones/1", "2 given; a number from 0 to 1")]
    [InlineData("""{"training": {"optimizer": {"name": "sgd", "nesterov": true, "momentum": 0}}}""", "/training/optimizer/momentum", "0 given with nesterov")]
    [InlineData("""{"dataset": {"name": "cifar10"}, "training": {"precision": "bf16"}}""", "/training/precision", "bf16 given, which is for networks of texts")]
    [InlineData("""{"dataset": {"name": "cifar10"}, "teacher": {"model": "resnet20", "training": {"precision": "bf16"}}}""", "/teacher/training/precision", "bf16 given, which is for networks of texts")]
    [InlineData("""{"student": null}""", "/student", "null given; the field is required")]
    [InlineData("""{"method": {"name": "takd", "assistants": ["a", "b", "c", "d", "e", "f", "g", "h", "i"]}}""", "/method/assistants", "9 elements given; at most 8")]
    [InlineData("""{}""", "/student", "missing")]
    [InlineData("""{"method": {"name": "kd"}}""", "/teacher", "missing; method kd needs a teacher")]
    [InlineData("""{"method": {"name": "none"}, "teacher": {"model": "resnet20"}}""", "/teacher", "has no teacher")]
    [InlineData("""{"dataset": {"name": "cifar10", "views": 0}, "teacher_signal": "cached"}""", "/teacher_signal", "unlimited views")]
    public void Read_BadSpec_NamesTheField(string json, string pointer, string detail)
    {
        var problems = new ProblemList();
        Assert.Null(SpecValidation.Read(Encoding.UTF8.GetBytes(json), problems));
        Assert.Contains(problems.Items, problem => problem.Pointer == pointer && problem.Detail.Contains(detail, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("蒸留 🎓 é")]
    [InlineData("एनीलिंग")]
    public void Read_NameInAnyScript_IsAccepted(string name)
    {
        var spec = SpecValidation.ReadOrThrow(Encoding.UTF8.GetBytes($$"""{"name": "{{name}}", {{Good.TrimStart()[1..]}}"""));
        Assert.Equal(name, spec.Name);
    }

    [Fact]
    public void Read_AssistantWithALongName_IsAccepted()
    {
        var json = Good.Replace("""{"name": "annealing_kd", "max_temperature": 5}""", """{"name": "takd", "assistants": ["resnet32x4"]}""", StringComparison.Ordinal);
        Assert.Equal(["resnet32x4"], Assert.IsType<Takd>(SpecValidation.ReadOrThrow(Encoding.UTF8.GetBytes(json)).Method).Assistants);
    }

    [Fact]
    public void Read_AnnealingInOneEpoch_PointsAtTheEpochs()
    {
        var problems = new ProblemList();
        Assert.Null(SpecValidation.Read(Encoding.UTF8.GetBytes(Good.Replace("\"epochs\": 20", "\"epochs\": 1", StringComparison.Ordinal)), problems));
        Assert.Equal("/training/epochs", Assert.Single(problems.Items).Pointer);
    }

    [Fact]
    public void Read_ManyMistakes_ReportsEachOfThem()
    {
        const string json = """{"sed": 1, "dataset": {"name": "cifar10", "views": -1}, "student": {"model": 8}, "training": {"epochs": 0}}""";
        var problems = new ProblemList();
        Assert.Null(SpecValidation.Read(Encoding.UTF8.GetBytes(json), problems));
        Assert.Superset(
            new HashSet<string> { "/sed", "/dataset/views", "/student/model", "/training/epochs", "/method" },
            problems.Items.Select(problem => problem.Pointer).ToHashSet());
    }

    [Fact]
    public void Read_ThousandsOfUnknownFields_ListsAHundred()
    {
        var problems = new ProblemList();
        var json = $"{{{string.Join(",", Enumerable.Range(0, 5000).Select(i => $"\"f{i}\": 1"))}}}";
        Assert.Null(SpecValidation.Read(Encoding.UTF8.GetBytes(json), problems));
        Assert.Equal(ProblemList.Most + 1, problems.Items.Count);
    }

    [Fact]
    public void Read_AnnealingWithMoreStepsThanEpochs_SaysWhatWouldBeRight()
    {
        var problems = new ProblemList();
        Assert.Null(SpecValidation.Read(Encoding.UTF8.GetBytes(Good.Replace("\"epochs\": 20", "\"epochs\": 8", StringComparison.Ordinal)), problems));
        Assert.Equal(new Problem("/method/max_temperature", "5 given; at most 4, the epochs of stage I, so that every annealing step has an epoch"), Assert.Single(problems.Items));
    }

    [Fact]
    public void Digest_OfTeacherRecipe_DependsOnOutcomeOnly()
    {
        var spec = SpecValidation.ReadOrThrow(Encoding.UTF8.GetBytes(Good));
        var teacher = TeacherRecipe.JobFor(spec);
        Assert.Equal(TeacherRecipe.Digest(teacher), TeacherRecipe.Digest(TeacherRecipe.JobFor(spec with { Seed = 5, Name = "other", Method = new Kd() })));
        Assert.NotEqual(TeacherRecipe.Digest(teacher), TeacherRecipe.Digest(teacher with { Seed = 1 }));
        Assert.NotEqual(TeacherRecipe.Digest(teacher), TeacherRecipe.Digest(teacher with { Training = teacher.Training with { Epochs = 21 } }));
    }

    [Fact]
    public void Schema_OfEveryMethod_DocumentsEveryOption()
    {
        Assert.Superset(new HashSet<string> { "annealing_kd", "kd", "none", "takd" }, MethodCatalogue.All.Select(method => method.Name).ToHashSet());
        Assert.All(MethodCatalogue.All, method =>
        {
            foreach (var (name, option) in method.Options["properties"]!.AsObject())
                Assert.True(name == "name" || option!["description"] is not null, $"{method.Name}.{name} has no description");
        });
        var alpha = MethodCatalogue.All.Single(method => method.Name == "kd").Options["properties"]!["alpha"]!;
        Assert.Equal((0.9, 0.0, 1.0), (alpha["default"]!.GetValue<double>(), alpha["minimum"]!.GetValue<double>(), alpha["maximum"]!.GetValue<double>()));
    }

    [Theory]
    [InlineData("""{"seed": 4.0}""", 4)]
    [InlineData("""{"seed": 4e0}""", 4)]
    [InlineData("\uFEFF{\"seed\": 9007199254740991}", 9007199254740991)]
    public void Read_NumbersAndMarksThatOtherProgramsWrite_AreTaken(string change, long seed)
    {
        var spec = change.Replace("}", """, "dataset": {"name": "procedural"}, "student": {"model": "resnet8"}, "method": {"name": "none"}}""", StringComparison.Ordinal);
        Assert.Equal(seed, SpecValidation.ReadOrThrow(Encoding.UTF8.GetBytes(spec)).Seed);
    }

    [Theory]
    [InlineData("""{"name": "\ud800"}""")]
    [InlineData("""{"\ud800": 1}""")]
    [InlineData("""{"labels": {"a": "\u0000"}}""")]
    [InlineData("""{"labels": {"a\u0000": "b"}}""")]
    [InlineData("""[["\udc00"]]""")]
    public void Parse_StringThatIsNoText_IsMalformed(string json)
    {
        var problems = new ProblemList();
        Assert.Null(DocumentReader.Parse(Encoding.UTF8.GetBytes(json), problems));
        Assert.StartsWith("not valid JSON", Assert.Single(problems.Items).Detail);
    }

    [Fact]
    public void Parse_InvalidUtf8_IsMalformed()
    {
        var problems = new ProblemList();
        Assert.Null(DocumentReader.Parse(new byte[] { (byte)'"', 0xff, (byte)'"' }, problems));
        Assert.Equal("not valid UTF-8", Assert.Single(problems.Items).Detail);
    }

    [Fact]
    public void Example_OfEveryMethod_NamesTheMethodAndReads()
    {
        Assert.All(MethodCatalogue.All, method =>
        {
            Assert.Equal(method.Name, (string?)method.Example["name"]);
            var problems = new ProblemList();
            DocumentReader.Read<Method>(JsonSerializer.SerializeToElement(method.Example), problems);
            Assert.Empty(problems.Items);
        });
    }
}
