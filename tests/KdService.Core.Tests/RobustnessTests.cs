using System.Text;
using KdService.Core.Plans;
using KdService.Core.Plans.Robustness;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Tests;

public sealed class RobustnessTests
{
    [Theory]
    [InlineData("procedural", "resnet8", """{"attacks": [{"name": "fgsm", "epsilon": 300}]}""", "/evaluation/attacks/0/epsilon", "300 given; at most 255, which already is any picture at all")]
    [InlineData("procedural", "resnet8", """{"attacks": [{"name": "pgd", "epsilon": 0}]}""", "/evaluation/attacks/0/epsilon", "0 given; a number above 0, at most 100000")]
    [InlineData("procedural", "resnet8", """{"attacks": [{"name": "fgsm"}, {"name": "fgsm", "samples": 9}]}""", "/evaluation/attacks/1", "fgsm 8/255 given twice; each once")]
    [InlineData("procedural", "resnet8", """{"attacks": [{"name": "magic"}]}""", "/evaluation/attacks/0/name", "\"magic\" given; one of character, fgsm, hotflip, pgd")]
    [InlineData("procedural", "resnet8", """{"corruptions": {"severities": [6]}}""", "/evaluation/corruptions/severities/0", "6 given; an integer from 1 to 5")]
    [InlineData("procedural", "resnet8", """{"corruptions": {"kinds": []}}""", "/evaluation/corruptions/kinds", "none given; at least one corruption, or leave it out for all")]
    [InlineData("phrases", "bert-l1-h64", """{"attacks": [{"name": "pgd"}]}""", "/evaluation/attacks/0", "pgd given, which attacks pictures; the inputs of phrases are texts of at most 32 tokens")]
    [InlineData("procedural", "resnet8", """{"attacks": [{"name": "hotflip"}]}""", "/evaluation/attacks/0", "hotflip given, which attacks text; the inputs of procedural are pictures of 3x32x32")]
    [InlineData("phrases", "bert-l1-h64", """{"attacks": [{"name": "hotflip", "max_change": 1.5}]}""", "/evaluation/attacks/0/max_change", "1.5 given; a number above 0, at most 1")]
    [InlineData("phrases", "bert-l1-h64", """{"attacks": [{"name": "character", "edits": []}]}""", "/evaluation/attacks/0/edits", "none given; at least one way, or leave it out for all")]
    [InlineData("phrases", "bert-l1-h64", """{"also_on": [{"dataset": {"name": "cr"}, "labels": {"negativ": "negative", "positive": "positive"}}]}""", "/evaluation/also_on/0/labels/negativ", "no label of the data set, which has negative, positive")]
    [InlineData("phrases", "bert-l1-h64", """{"also_on": [{"dataset": {"name": "cr"}, "labels": {"negative": "negative|bad", "positive": "positive"}}]}""", "/evaluation/also_on/0/labels/negative", "\"bad\" given; the job's classes are negative, neutral, positive")]
    [InlineData("phrases", "bert-l1-h64", """{"also_on": [{"dataset": {"name": "cr"}, "labels": {"negative": "negative"}}]}""", "/evaluation/also_on/0/labels", "positive missing; every label of the data set means something")]
    [InlineData("phrases", "bert-l1-h64", """{"also_on": [{"dataset": {"name": "paws"}}]}""", "/evaluation/also_on/0/labels", "missing; the labels not_duplicate, duplicate are not the job's classes negative, neutral, positive: say what each label means")]
    [InlineData("phrases", "bert-l1-h64", """{"also_on": [{"dataset": {"name": "glue", "task": "stsb"}}]}""", "/evaluation/also_on/0/dataset", "glue stsb given, which asks for a value; the networks of the job predict a class")]
    [InlineData("phrases", "bert-l1-h64", """{"also_on": [{"dataset": {"name": "cr"}}, {"dataset": {"name": "cr"}}]}""", "/evaluation/also_on/1", "cr given twice; each once")]
    [InlineData("phrases", "bert-l1-h64", """{"also_on": [{"dataset": {"name": "text_files", "test": "a.csv", "test_rows": 5, "labels": ["a"]}}]}""", "/evaluation/also_on/0/dataset/labels", "1 label given; at least 2, or none where the label is a number to predict")]
    [InlineData("phrases", "bert-l1-h64", """{"also_on": [{"dataset": {"name": "cr"}, "labels": {"negative": "negative|positive", "positive": "positive"}}]}""", "/evaluation/also_on/0/labels", "all labels would mean the same, as those that share a class are one, and every answer would be right; labels negative, positive that share no class")]
    [InlineData("phrases", "bert-l1-h64", """{"also_on": [{"dataset": {"name": "cr", "vocabulary": "bert-base-uncased"}}]}""", "/evaluation/also_on/0/dataset/vocabulary", "\"bert-base-uncased\" given; texts are cut as the job's are: leave it out")]
    [InlineData("phrases", "bert-l1-h64", """{"also_on": [{"dataset": {"name": "cr", "train_limit": 20}}]}""", "/evaluation/also_on/0/dataset/train_limit", "20 given; the test samples alone are read, of which samples takes a part: leave it out")]
    [InlineData("procedural", "resnet8", """{"also_on": [{"dataset": {"name": "cr"}}]}""", "/evaluation/also_on/0/dataset", "cr given, whose inputs are texts of at most 128 tokens; those of procedural are pictures of 3x32x32")]
    [InlineData("cifar10", "resnet8", """{"also_on": [{"dataset": {"name": "procedural"}}]}""", "/evaluation/also_on/0/dataset", "procedural given, 10 classes of pictures of 3x32x32; the job's network tells the 10 classes of cifar10 apart, which are others")]
    [InlineData("procedural", "resnet8", """{"also_on": [{"dataset": {"name": "procedural"}, "labels": {"a": "b"}}]}""", "/evaluation/also_on/0/labels", "given, but the classes of procedural have no names; leave it out")]
    [InlineData("hans", "bert-l1-h64", "{}", "/dataset/name", "hans given, which has no training part; evaluation.also_on takes it, beside a data set to train on")]
    [InlineData("phrases", "bert-l1-h64", """{"submission": true}""", "/evaluation/submission", "given with phrases, which has no file on GLUE's leaderboard; the tasks of glue but for ax and the subsets have")]
    [InlineData("clusters", "mlp64", """{"corruptions": {}}""", "/evaluation/corruptions", "given, but the inputs of clusters are vectors of 32; corruptions are those of pictures")]
    public void Evaluation_ThatDoesNotFit_IsRefusedAtItsPlace(string dataset, string student, string evaluation, string pointer, string detail)
    {
        var problems = new ProblemList();
        Assert.Null(SpecValidation.Read(Spec(dataset, student, evaluation), problems));
        Assert.Contains(new Problem(pointer, detail), problems.Items);
    }

    [Fact]
    public void Glue_HasItsPartsAndItsLeaderboard()
    {
        var mnli = Read("""{"name": "glue", "task": "mnli"}""", """{"submission": true, "also_on": [{"dataset": {"name": "glue", "task": "ax"}}]}""", out _);
        var plan = PlanBuilder.Compile(mnli!);
        Assert.Equal([("glue ax", false), ("glue mnli_mm", true)], plan.Evaluation.AlsoOn.Select(other => (other.Dataset.Title, other.Optional)));
        Assert.True(Estimate.Of(plan, 1).Seconds > Estimate.Of(plan with { Evaluation = plan.Evaluation with { Submission = false } }, 1).Seconds);
        // Asked for by name, it has to be there.
        Assert.False(Assert.Single(PlanBuilder.Compile(Read("""{"name": "glue", "task": "mnli"}""", """{"also_on": [{"dataset": {"name": "glue", "task": "mnli_mm"}}]}""", out _)!).Evaluation.AlsoOn).Optional);
        Assert.Equal("glue mnli", Assert.Single(PlanBuilder.Compile(Read("""{"name": "glue", "task": "mnli_mm"}""", "{}", out _)!).Evaluation.AlsoOn).Dataset.Title);
        Assert.Empty(PlanBuilder.Compile(Read("""{"name": "glue", "task": "rte"}""", "{}", out _)!).Evaluation.AlsoOn);

        Read("""{"name": "glue", "task": "ax"}""", "{}", out var problems);
        Assert.Contains(problems, problem => problem.Pointer == "/dataset/name" && problem.Detail.StartsWith("glue ax given, which has no training part", StringComparison.Ordinal));
        Read("""{"name": "glue", "task": "qqp10k"}""", """{"submission": true}""", out problems);
        Assert.Equal("/evaluation/submission", Assert.Single(problems).Pointer);

        static JobSpec? Read(string dataset, string evaluation, out IReadOnlyList<Problem> problems)
        {
            var list = new ProblemList();
            var spec = SpecValidation.Read(Encoding.UTF8.GetBytes($$"""
                {"dataset": {{dataset}}, "student": {"model": "bert-l1-h64"}, "method": {"name": "none"}, "evaluation": {{evaluation}} }
                """), list);
            problems = list.Items;
            return spec;
        }
    }

    [Theory]
    // Two classes that a label may mean are one.
    [InlineData("entailment,non-entailment", "contradiction,neutral,entailment", "entailment=entailment;non-entailment=contradiction|neutral", "0,1", "1,1,0", 2)]
    [InlineData("entailment,non-entailment", "contradiction,neutral,entailment", "", "0,1", "1,1,0", 2)]
    // Two labels that mean the same are one.
    [InlineData("contradiction,neutral,entailment", "neutral,entailment", "contradiction=neutral;neutral=neutral;entailment=entailment", "0,0,1", "0,1", 2)]
    [InlineData("contradiction,neutral,entailment", "entailment,not_entailment", "", "0,0,1", "1,0", 2)]
    // A class that no label means is none of theirs.
    [InlineData("negative,positive", "Negative,neutral,Positive", "", "0,1", "0,2,1", 2)]
    [InlineData("b,a", "a,b", "", "0,1", "1,0", 2)]
    public void LabelsAndClasses_ThatMeanTheSame_AreOne(string labels, string classes, string map, string ofLabels, string ofClasses, int count)
    {
        var problems = new ProblemList();
        var meanings = map.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(entry => entry.Split('=')).ToDictionary(entry => entry[0], entry => entry[1]);
        var merged = MergedClasses.Of(labels.Split(','), classes.Split(','), meanings, problems)!;
        Assert.True(problems.None);
        Assert.Equal((ofLabels, ofClasses, count), (string.Join(',', merged.OfLabels), string.Join(',', merged.OfClasses), merged.Count));
    }

    [Fact]
    public void OtherData_IsCutIntoTokensAsTheJobsTexts_AndIsNoReasonForAnotherTeacher()
    {
        var spec = SpecValidation.ReadOrThrow(Spec("phrases", "bert-l1-h64", """{"also_on": [{"dataset": {"name": "amazon", "domain": "dvd"}, "samples": 50}]}"""));
        var other = Assert.Single(spec.Evaluation.AlsoOn);
        Assert.Equal(spec.Dataset.Shape with { Classes = 2 }, other.For(spec.Dataset).Shape);
        Assert.Equal(("amazon dvd", 50), (other.Dataset.Title, other.Size));
        Assert.Empty(TeacherRecipe.JobFor(spec with { Teacher = new TeacherSpec { Model = "bert-l1-h64" } }).Evaluation.AlsoOn);
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
