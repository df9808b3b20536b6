using System.Text;
using KdService.Core.Benchmarks;
using KdService.Core.Methods;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Tests.Benchmarks;

public class BenchmarkExpansionTests
{
    private const string Data = "\"dataset\": {\"name\": \"procedural\"}";

    [Fact]
    public void Matrix_OfMethodsStudentsSeedsAndOptions_IsEveryCombination()
    {
        var plan = Read(Document(
            $$"""{ {{Data}}, "teacher": {"model": "resnet20"} }""",
            """{"methods": ["none", "kd"], "students": ["resnet8", "resnet14"], "seeds": [1, 2, 3], "options": {"/training/epochs": [5, 10]}}"""));

        Assert.Equal(
            [
                "none, resnet8, epochs=5", "none, resnet8, epochs=10", "none, resnet14, epochs=5", "none, resnet14, epochs=10",
                "kd, resnet8, epochs=5", "kd, resnet8, epochs=10", "kd, resnet14, epochs=5", "kd, resnet14, epochs=10",
            ], plan.Rows.Select(row => row.Label));
        var cells = plan.Cells.ToList();
        Assert.Equal(24, cells.Count);
        Assert.Equal([1L, 2, 3], cells.Select(cell => cell.Spec.Seed).Distinct());
        Assert.All(cells, cell => Assert.Equal((cell.Row.Student, cell.Row.Method, cell.Row.Options["/training/epochs"]),
            (cell.Spec.Student.Model, cell.Spec.Method.Name, $"{cell.Spec.Training.Epochs}")));
        Assert.Equal("none", plan.Baseline);
    }

    [Fact]
    public void Teacher_IsLeftOutForMethodsThatHaveNone()
    {
        var plan = Read(Document($$"""{ {{Data}}, "student": {"model": "resnet8"} }""", """{"methods": ["none", "kd"], "options": {"/teacher/model": ["resnet20", "resnet32"]}}"""));

        // The student alone is the same whoever the teacher is.
        Assert.Equal(["none", "kd, model=resnet20", "kd, model=resnet32"], plan.Rows.Select(row => row.Label));
        Assert.Null(plan.Rows[0].Spec.Teacher);
        Assert.Equal("resnet32", plan.Rows[2].Spec.Teacher!.Model);
    }

    [Fact]
    public void Methods_AsNamesAndAsObjectsWithLabels_KeepTheirOptions()
    {
        var plan = Read(Document(Taught(), """{"methods": [{"name": "kd", "temperature": 2, "label": "kd, cool"}, "kd"]}"""));

        Assert.Equal(["kd, cool", "kd"], plan.Rows.Select(row => row.Label));
        Assert.Equal([2.0, 4.0], plan.Rows.Select(row => ((Kd)row.Spec.Method).Temperature));
        Assert.Equal("kd, cool", plan.Baseline);
    }

    [Fact]
    public void BaseAlone_GivesWhatTheMatrixDoesNot()
    {
        var plan = Read(Document($$"""{ {{Data}}, "student": {"model": "resnet8"}, "method": {"name": "none"}, "seed": 7}""", """{"options": {"/training/epochs": [5, 10]}}"""));

        Assert.Equal(["none, epochs=5", "none, epochs=10"], plan.Rows.Select(row => row.Label));
        Assert.Equal([7L, 7], plan.Cells.Select(cell => cell.Spec.Seed));
    }

    [Fact]
    public void Latency_IsMeasuredUnlessTheBaseSaysOtherwise()
    {
        Assert.True(Read(Document(Taught(), """{"methods": ["kd"]}""")).Rows[0].Spec.Evaluation.Latency);
        Assert.False(Read(Document(Taught("\"evaluation\": {\"latency\": false}"), """{"methods": ["kd"]}""")).Rows[0].Spec.Evaluation.Latency);
    }

    [Fact]
    public void Labels_OfBenchmarkAndBase_AreTheJobsToo()
    {
        var plan = Read(Document(Taught("\"labels\": {\"project\": \"small\"}"), """{"methods": ["kd"]}""", """, "labels": {"team": "vision"} """));

        Assert.Equal(new Dictionary<string, string> { ["project"] = "small", ["team"] = "vision" }, plan.Rows[0].Spec.Labels);
    }

    [Fact]
    public void Teacher_IsOneRecipeForAllSeedsMethodsAndStudents()
    {
        var plan = Read(Document($$"""{ {{Data}}, "teacher": {"model": "resnet20"} }""", """{"methods": ["kd", "annealing_kd"], "students": ["resnet8", "resnet14"], "seeds": [1, 2]}"""));

        Assert.Single(plan.Cells.Select(cell => TeacherRecipe.Digest(TeacherRecipe.JobFor(cell.Spec))).Distinct());
    }

    public static TheoryData<string, string, string, string> Wrong => new()
    {
        { Taught(), """{"methods": ["kd", "none", {"name": "kd", "temperature": -1, "label": "x"}]}""", "/matrix/methods/2/temperature", "-1 given; a number above 0, at most 1000" },
        { Taught(), """{"methods": ["kf"]}""", "/matrix/methods/0", "\"kf\" given; one of" },
        { Taught(), """{"methods": [3]}""", "/matrix/methods/0", "3 given; a method's name, or an object" },
        { Taught(), """{"methods": [null]}""", "/matrix/methods/0", "null given" },
        { Taught(), """{"methods": ["takd"]}""", "/matrix/methods/0/assistants", "missing" },
        { Taught(), """{"methods": ["kd", {"name": "kd", "alpha": 0.5}]}""", "/matrix/methods/1/label", "\"kd\" names another method too" },
        { Taught(), """{"methods": ["annealing_kd"], "options": {"/training/epochs": [30, 4]}}""", "/matrix/methods/0/max_temperature", "10 given; at most 2" },
        { Taught(), """{"methods": ["kd"], "students": ["resnet8"]}""", "/base/student/model", "matrix.students gives it" },
        { Taught("\"seed\": 1"), """{"methods": ["kd"], "seeds": [1]}""", "/base/seed", "matrix.seeds gives it" },
        { Taught("\"training\": {\"epochs\": 3}"), """{"methods": ["kd"], "options": {"/training/epochs": [1]}}""", "/base/training/epochs", "matrix.options gives it" },
        { Taught(), """{"methods": ["kd"], "seeds": [1, 2, 1]}""", "/matrix/seeds/2", "1 given twice" },
        { Taught(), """{"methods": ["kd"], "seeds": [-1]}""", "/matrix/seeds/0", "-1 given" },
        { Taught(), """{"methods": ["kd"], "options": {"/training/epochs": [10, 0]}}""", "/matrix/options/~1training~1epochs/1", "0 given; an integer from 1" },
        { Taught(), """{"methods": ["kd"], "options": {"/trainning/epochs": [10]}}""", "/matrix/options/~1trainning~1epochs/0", "unknown field; did you mean training?" },
        { Taught(), """{"methods": ["kd"], "options": {"training.epochs": [10]}}""", "/matrix/options/training.epochs", "a JSON pointer" },
        { Taught(), """{"methods": ["kd"], "options": {"/training/epochs": 10}}""", "/matrix/options/~1training~1epochs", "a list of 1 to 256 values" },
        { Taught(), """{"methods": ["kd"], "options": {"/seed": [1, 2]}}""", "/matrix/options/~1seed", "matrix.seeds varies that field" },
        { Taught(), """{"methods": ["kd"], "seeds": [1, 2], "options": {"/seed/x": [1, 2]}}""", "/matrix/options/~1seed~1x", "matrix.seeds varies that field" },
        { Taught(), """{"methods": ["none", "kd"], "options": {"/method/name": ["dkd"]}}""", "/matrix/options/~1method~1name", "matrix.methods varies that field" },
        { Taught(), """{"methods": ["kd"], "options": {"/student/model/x": [1]}}""", "/matrix/options/~1student~1model~1x", "matrix.students varies that field" },
        { Taught(), """{"methods": ["kd", {"name": "kd", "temperature": 2, "label": "cool"}], "options": {"/method/temperature": [1, 2]}}""", "/matrix/options/~1method~1temperature", "/matrix/methods/1/temperature gives that field; one of the two" },
        { Taught(), """{"methods": ["none", "kd"], "options": {"/method/temperature": [2]}}""", "/matrix/options/~1method~1temperature/0", "unknown field; none has no options (row \"none, temperature=2\")" },
        { Taught(), """{"methods": ["kd"], "options": {"/training": [{}], "/training/epochs": [1]}}""", "/matrix/options/~1training~1epochs", "/training is given too" },
        { Taught("\"name\": \"x\""), """{"methods": ["kd"]}""", "/base/name", "named after their rows" },
        { Taught("\"labels\": {\"row\": \"x\"}"), """{"methods": ["kd"]}""", "/base/labels/row", "sets this label itself" },
        { $$"""{ {{Data}}, "student": {"model": "resnet8"} }""", """{"methods": ["kd"]}""", "/base/teacher", "missing; method kd needs a teacher" },
        { $$"""{ {{Data}}, "teacher": {"model": "resnet20"} }""", """{"methods": ["kd"]}""", "/matrix/students", "missing" },
        { $$"""{ {{Data}}, "teacher": {"model": "resnet20"} }""", """{"methods": ["kd"], "students": ["resnet9"]}""", "/matrix/students/0", "\"resnet9\" given" },
        { """{"student": {"model": "resnet8"}}""", """{"methods": ["none"]}""", "/base/dataset", "missing" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Problem_IsNamedByItsPlaceInTheDocument(string of, string matrix, string pointer, string detail)
    {
        var problems = Problems(Document(of, matrix));

        Assert.Contains(problems, problem => problem.Pointer == pointer && problem.Detail.Contains(detail, StringComparison.Ordinal));
        Assert.Equal(problems.Distinct().Count(), problems.Count);
    }

    [Fact]
    public void Problems_OfAllCells_AreThereAtOnceAndBounded()
    {
        var several = Problems(Document(Taught(), """{"methods": ["kd", {"name": "takd", "assistants": []}, {"name": "kd", "alpha": 2, "label": "x"}], "options": {"/training/epochs": [0, 1]}}"""));
        Assert.Equal(["/matrix/options/~1training~1epochs/0", "/matrix/methods/1/assistants", "/matrix/methods/2/alpha"], several.Select(problem => problem.Pointer));

        var many = string.Join(", ", Enumerable.Range(0, 250).Select(index => $$"""{"name": "kd", "alpha": {{index + 2}}, "label": "{{index}}"}"""));
        Assert.Equal(ProblemList.Most + 1, Problems(Document(Taught(), $$"""{"methods": [{{many}}]}""")).Count);
    }

    [Fact]
    public void Matrix_ThatExplodes_IsRefusedWithTheCount()
    {
        var seeds = string.Join(", ", Enumerable.Range(0, 250));
        var problem = Assert.Single(Problems(Document(Taught(), $$"""{"methods": ["none", "kd"], "seeds": [{{seeds}}], "options": {"/training/epochs": [1, 2, 3, 4, 5]} }""")));

        Assert.Equal("/matrix", problem.Pointer);
        Assert.Equal("2500 jobs (2 methods x 1 students x 250 seeds x 5 values of /training/epochs); at most 2000", problem.Detail);
        var values = string.Join(", ", Enumerable.Range(1, 256));
        var axes = string.Join(", ", "abcdefgh".Select(letter => $"\"/training/{letter}\": [{values}]"));
        Assert.Contains(Problems(Document(Taught(), $$"""{"methods": ["kd"], "options": { {{axes}} } }""")), problem => problem.Detail.StartsWith("18446744073709551616 jobs", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(", \"baseline\": \"kd\"", "kd")]
    [InlineData("", "none")]
    public void Baseline_IsTheOneNamedOrNone(string more, string expected) =>
        Assert.Equal(expected, Read(Document(Taught(), """{"methods": ["annealing_kd", "kd", "none"]}""", more)).Baseline);

    [Fact]
    public void Baseline_ThatIsNoRow_IsRefusedWithTheChoice() =>
        Assert.Equal(new Problem("/baseline", "\"dkd\" given; one of none, kd"), Assert.Single(Problems(Document(Taught(), """{"methods": ["none", "kd"]}""", ", \"baseline\": \"dkd\""))));

    [Fact]
    public void Plan_ReadBackFromItsDocument_IsTheSame()
    {
        var plan = Read(Document(Taught(), """{"methods": ["none", {"name": "kd", "label": "k"}], "seeds": [1]}"""));
        var again = Read(Json.Write(plan.Spec));

        Assert.Equal(Json.Write(plan.Cells.Select(cell => cell.Spec)), Json.Write(again.Cells.Select(cell => cell.Spec)));
    }

    private static string Taught(string? more = null) =>
        $$"""{ {{Data}}, "teacher": {"model": "resnet20"}, "student": {"model": "resnet8"}{{(more is null ? "" : ", " + more)}} }""";

    private static string Document(string of, string matrix, string more = "") => $$"""{"name": "test", "base": {{of}}, "matrix": {{matrix}}{{more}} }""";

    private static BenchmarkPlan Read(string document)
    {
        var problems = new ProblemList();
        var plan = BenchmarkExpansion.Read(Encoding.UTF8.GetBytes(document), problems);
        Assert.Empty(problems.Items);
        return plan!;
    }

    private static IReadOnlyList<Problem> Problems(string document)
    {
        var problems = new ProblemList();
        Assert.Null(BenchmarkExpansion.Read(Encoding.UTF8.GetBytes(document), problems));
        return problems.Items;
    }
}
