using System.Text;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Tests;

public class LogitMethodTests
{
    [Theory]
    [InlineData("""{"name": "kd_topk", "top_k": 11}""", "/method/top_k", "11 given; at most 10, the classes of cifar10")]
    [InlineData("""{"name": "kd_topk", "top_k": 0}""", "/method/top_k", "0 given; an integer from 1")]
    [InlineData("""{"name": "kd_pt", "alpha": 1.1}""", "/method/alpha", "1.1 given; a number from 0 to 1")]
    [InlineData("""{"name": "kd_pt", "sharpness": 2}""", "/method/sharpness", "unknown field")]
    [InlineData("""{"name": "kd_pt_sim", "combination": "both"}""", "/method/combination", "\"both\" given; one of split, mix")]
    [InlineData("""{"name": "kd_pt_sim", "mix": -0.1}""", "/method/mix", "-0.1 given; a number from 0 to 1")]
    [InlineData("""{"name": "continuation_kd", "margin": -1}""", "/method/margin", "-1 given; a number from 0")]
    [InlineData("""{"name": "continuation_kd", "psi_until": 1.5}""", "/method/psi_until", "1.5 given; a number from 0 to 1")]
    [InlineData("""{"name": "continuation_kd", "psi": "half"}""", "/method/psi", "\"half\" given; one of linear, linear_to_half, step")]
    [InlineData("""{"name": "continuation_kd", "max_temperature": 31}""", "/method/max_temperature", "31 given; at most 30, training.epochs")]
    [InlineData("""{"name": "dkd", "warmup_epochs": 30}""", "/method/warmup_epochs", "30 given; fewer than training.epochs (30)")]
    [InlineData("""{"name": "dkd", "beta": -1}""", "/method/beta", "-1 given; a number from 0")]
    [InlineData("""{"name": "dist", "temperature": 0}""", "/method/temperature", "0 given; a number above 0")]
    [InlineData("""{"name": "kd", "standardise": 1}""", "/method/standardise", "1 given; true or false")]
    [InlineData("""{"name": "label_smoothing", "epsilon": 1}""", "/method/epsilon", "1 given; a number from 0 to 0.999")]
    [InlineData("""{"name": "label_smoothing"}""", "/teacher", "has no teacher; leave it out")]
    [InlineData("""{"name": "custom", "stages": [{"name": "distil", "losses": [{"objective": {"name": "kd_topk", "top_k": 11}}]}]}""",
        "/method/stages/0/losses/0/objective/top_k", "11 given; at most 10, the classes of cifar10")]
    [InlineData("""{"name": "custom", "models": [{"id": "peer", "model": "resnet14"}], "stages": [{"name": "peer", "trains": "peer", "losses": [{"objective": {"name": "cross_entropy"}}]}, {"name": "distil", "curriculum": {"source": "teacher", "with": ["peer"]}, "losses": [{"objective": {"name": "kd_sim"}}]}]}""",
        "/method/stages/1/losses/0/objective", "the similarity of classes is read from the last layer of that one network")]
    public void Read_OptionOutsideItsDomain_NamesItAndWhatIsRight(string method, string pointer, string detail)
    {
        var problems = new ProblemList();
        Assert.Null(SpecValidation.Read(Spec(method), problems));
        Assert.Contains(detail, Assert.Single(problems.Items, problem => problem.Pointer == pointer).Detail);
    }

    [Fact]
    public void Check_SimilarityOfClasses_NeedsTheSpecsOwnTeacherAlone()
    {
        var plan = Plan("""{"name": "kd_sim"}""");
        Assert.Empty(ProblemsWith(PlanBuilder.FromTeacher));
        var ofSeveral = Assert.Single(ProblemsWith(PlanBuilder.FromTeacher with { With = ["assistant_1"] }));
        Assert.Equal("/method/stages/0/losses/0/objective", ofSeveral.Pointer);
        Assert.Contains("the last layer of that one network", ofSeveral.Detail);
        Assert.Single(ProblemsWith(new Curriculum { Source = "assistant_1" }));

        IReadOnlyList<Problem> ProblemsWith(Curriculum curriculum)
        {
            var problems = new ProblemList();
            var setting = new ObjectiveSetting(plan.Network("student"), plan.Network("teacher"), plan.Dataset, 30, curriculum);
            foreach (var objective in new Objective[] { new ClassSimilarityTargets(), new TrueClassTargets() })
                objective.Check(setting, "/method/stages/0/losses/0/objective", problems);
            return problems.Items;
        }
    }

    [Theory]
    [InlineData(240, 20)]
    [InlineData(480, 20)]
    [InlineData(30, 2)]
    [InlineData(10, 0)]
    public void Dkd_WarmsUp_OverThePublishedPartOfTheEpochs(int epochs, int warmup)
    {
        var stage = Assert.Single(Plan("""{"name": "dkd"}""", epochs).Stages);
        Assert.Equal([new LossTerm { Objective = new CrossEntropy() }, new LossTerm { Objective = new DecoupledTargets(), WarmupEpochs = warmup }], stage.Losses);
        Assert.Equal(5, Assert.Single(Plan("""{"name": "dkd", "warmup_epochs": 5}""", epochs).Stages).Losses[1].WarmupEpochs);
    }

    [Fact]
    public void Dist_ByDefault_HasTheWeightsOfItsCifarConfiguration()
    {
        var stage = Assert.Single(Plan("""{"name": "dist"}""").Stages);
        Assert.Equal([new LossTerm { Objective = new CrossEntropy() }, new LossTerm { Weight = 2, Objective = new Correlations { Temperature = 4 } }], stage.Losses);
    }

    [Fact]
    public void PartialKd_OfEveryKind_HandsItsOptionsOn()
    {
        Assert.Equal(new TrueClassTargets { Alpha = 0.5, Temperature = 2, TemperatureSquared = false, Standardise = true },
            Loss("""{"name": "kd_pt", "alpha": 0.5, "temperature": 2, "temperature_squared": false, "standardise": true}"""));
        Assert.Equal(new ClassSimilarityTargets { Sharpness = 7 }, Loss("""{"name": "kd_sim", "sharpness": 7}"""));
        Assert.Equal(new TrueClassAndSimilarityTargets { Combination = TargetCombination.Mix, Mix = 0.2 }, Loss("""{"name": "kd_pt_sim", "combination": "mix", "mix": 0.2}"""));
        Assert.Equal(new TopTargets { TopK = 10 }, Loss("""{"name": "kd_topk", "top_k": 10}"""));

        static Objective Loss(string method) => Assert.Single(Assert.Single(Plan(method).Stages).Losses).Objective;
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(10, 3)]
    [InlineData(100, 25)]
    public void TopTargets_ByDefault_KeepAQuarterOfTheClasses(int classes, int kept) => Assert.Equal(kept, new TopTargets().KeptOf(classes));

    [Fact]
    public void Psi_IsThePapers()
    {
        // CIFAR: i/150 up to epoch 150 of 200, counted from 1. Language: i/40 up to 20 of 30, then 1.
        var (vision, language) = (new Continuation(), new Continuation { Psi = PsiSchedule.LinearToHalf });
        for (var epoch = 0; epoch < 200; epoch++) Assert.Equal(epoch < 150 ? (epoch + 1) / 150.0 : 1, vision.PsiAt(epoch, 200), 12);
        for (var epoch = 0; epoch < 30; epoch++) Assert.Equal(epoch < 20 ? (epoch + 1) / 40.0 : 1, language.PsiAt(epoch, 30), 12);
    }

    [Theory]
    [InlineData(null, 5)]
    [InlineData(0.0, 0)]
    [InlineData(0.34, 3)]
    [InlineData(1.0, 10)]
    public void Psi_OfAStep_IsZeroThenOne(double? until, int zeros)
    {
        var step = new Continuation { Psi = PsiSchedule.Step, PsiUntil = until };
        Assert.Equal(Enumerable.Range(0, 10).Select(epoch => epoch < zeros ? 0.0 : 1), Enumerable.Range(0, 10).Select(epoch => step.PsiAt(epoch, 10)));
    }

    [Fact]
    public void ContinuationKd_InOneStage_ScalesTheTeacherUp()
    {
        var stage = Assert.Single(Plan("""{"name": "continuation_kd", "max_temperature": 10, "margin": 3, "psi": "step"}""").Stages);
        Assert.Equal(new Continuation { Margin = 3, Psi = PsiSchedule.Step, Reduction = MseReduction.Elements }, Assert.Single(stage.Losses).Objective);
        Assert.Equal(PlanBuilder.FromTeacher with { AnnealFrom = 10 }, stage.Curriculum);
    }

    private static Plan Plan(string method, int epochs = 30) => PlanBuilder.Compile(SpecValidation.ReadOrThrow(Spec(method, epochs)));

    private static byte[] Spec(string method, int epochs = 30) => Encoding.UTF8.GetBytes($$"""
        {"dataset": {"name": "cifar10"}, "teacher": {"model": "resnet20"}, "student": {"model": "resnet8"}, "method": {{method}}, "training": {"epochs": {{epochs}} } }
        """);
}
