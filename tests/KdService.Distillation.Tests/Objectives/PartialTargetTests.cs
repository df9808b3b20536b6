using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Distillation.Objectives;
using static KdService.Distillation.Tests.Fixtures;
using static KdService.Distillation.Tests.Objectives.Losses;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Objectives;

public class PartialTargetTests
{
    private static readonly PartialTargets[] All =
        [new TrueClassTargets(), new ClassSimilarityTargets(), new TrueClassAndSimilarityTargets(), new TrueClassAndSimilarityTargets { Combination = TargetCombination.Mix }, new TopTargets()];

    [Fact]
    public void TrueClassTargets_OfTwoClasses_AreKd() => AssertIsKd(new TrueClassTargets(), classes: 2);

    [Fact]
    public void TopTargets_OfAllClasses_AreKd() => AssertIsKd(new TopTargets { TopK = Classes }, Classes);

    [Fact]
    public void ClassSimilarityTargets_WithoutSharpness_AreLabelSmoothing()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, teacher) = RandomBatch(41);
        var (loss, gradient) = LossAndGradient(new ClassSimilarityTargets { Alpha = 0.1, Temperature = 1, Sharpness = 0 }, logits, labels, teacher);
        var (smoothed, smoothedGradient) = LossAndGradient(new CrossEntropy { LabelSmoothing = 0.1 }, logits, labels, null);
        Assert.Equal(smoothed, loss, 5);
        AssertClose(smoothedGradient, gradient);
    }

    [Fact]
    public void TrueClassAndSimilarityTargets_AtTheirEnds_AreTheirParts()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, teacher) = RandomBatch(42);
        AssertSame(new TrueClassTargets(), new TrueClassAndSimilarityTargets { Sharpness = 0 });
        AssertSame(new TrueClassTargets(), new TrueClassAndSimilarityTargets { Combination = TargetCombination.Mix, Mix = 0 });
        AssertSame(new ClassSimilarityTargets(), new TrueClassAndSimilarityTargets { Combination = TargetCombination.Mix, Mix = 1 });

        void AssertSame(PartialTargets expected, PartialTargets actual)
        {
            Assert.Equal(LossAndGradient(expected, logits, labels, teacher).Loss, LossAndGradient(actual, logits, labels, teacher).Loss, 4);
            AssertClose(LossAndGradient(expected, logits, labels, teacher).Gradient, LossAndGradient(actual, logits, labels, teacher).Gradient);
        }
    }

    [Fact]
    public void Targets_KeepTheLevelsOfTheirNames()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, teacher) = RandomBatch(43);
        var isTrue = labels.unsqueeze(1).eq(arange(Classes));
        // Other wrong classes, of the same mass: relations between classes are lost, the confidence is not.
        var others = 2 * randn(16, Classes);
        var asSure = where(isTrue, teacher, others + Rest(teacher) - Rest(others));
        var lessSure = where(isTrue, teacher - 1, teacher);
        foreach (var targets in All)
        {
            Assert.Equal(targets is not TopTargets, Math.Abs(Loss(targets, teacher) - Loss(targets, asSure)) < 1e-4);
            Assert.Equal(targets is ClassSimilarityTargets, Math.Abs(Loss(targets, teacher) - Loss(targets, lessSure)) < 1e-4);
        }

        // The temperature's logsumexp over the wrong classes.
        Tensor Rest(Tensor values) => (values / 4).masked_fill(isTrue, double.NegativeInfinity).logsumexp(1, keepdim: true) * 4;
        double Loss(PartialTargets targets, Tensor of) => LossAndGradient(targets, logits, labels, of).Loss;
    }

    [Fact]
    public void Targets_AreConstants()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, teacher) = RandomBatch(44);
        foreach (var targets in All)
        {
            var (student, graph) = (logits.clone().requires_grad_(), teacher.clone().requires_grad_());
            ObjectiveFactory.Create(targets, Context).Loss(new TrainingBatch { Logits = student, Labels = labels, TeacherLogits = graph }).backward();
            Assert.NotNull(student.grad);
            Assert.Null(graph.grad);
        }
    }

    [Fact]
    public void SimilarityTargets_WithoutOneTeachersClassifier_AreRefused()
    {
        foreach (var classifier in new[] { null, zeros(7, 8) })
        {
            var refused = Assert.Throws<RunException>(() => ObjectiveFactory.Create(new ClassSimilarityTargets(), Context with { TeacherClassifier = classifier }));
            Assert.Equal(FailureCode.InvalidPlan, refused.Code);
            Assert.Contains("kd_pt or kd_topk do without", refused.Message);
        }
        Assert.NotNull(ObjectiveFactory.Create(new TopTargets(), Context with { TeacherClassifier = null }));
    }

    // Cross-entropies with the teacher's own distribution: more than the divergence by its entropy, which no gradient sees.
    private static void AssertIsKd(PartialTargets targets, int classes)
    {
        foreach (var (temperature, squared) in new[] { (4.0, true), (1.0, false), (2.0, false) })
        {
            using var scope = NewDisposeScope();
            var (logits, labels, teacher) = RandomBatch(45, classes: classes);
            var (loss, gradient) = LossAndGradient(targets with { Alpha = 0.7, Temperature = temperature, TemperatureSquared = squared }, logits, labels, teacher);
            var (kd, kdGradient) = LossAndGradient(new SoftTargets { Alpha = 0.7, Temperature = temperature, TemperatureSquared = squared }, logits, labels, teacher);
            var log = (teacher / temperature).log_softmax(1);
            var entropy = -(log.exp() * log).sum(1).mean().item<float>();
            Assert.Equal(kd + 0.7 * (squared ? temperature * temperature : 1) * entropy, loss, 1e-4);
            AssertClose(kdGradient, gradient);
        }
    }
}
