using KdService.Core.Plans;
using static KdService.Distillation.Tests.Fixtures;
using static KdService.Distillation.Tests.Objectives.Losses;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Objectives;

public class CorrelationTests
{
    [Fact]
    public void Correlations_ATeacherMixedWithTheUniform_TeachesTheSame()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, teacher) = RandomBatch(61);
        var correlations = new Correlations { Temperature = 1 };
        var (loss, gradient) = LossAndGradient(correlations, logits, labels, teacher);
        // p' = (1 - a) p + a/K is an affine change with a positive factor, of rows and of columns.
        foreach (var part in new[] { 0.3, 0.8 })
        {
            var mixed = ((1 - part) * teacher.softmax(1) + part / Classes).log();
            var (mixedLoss, mixedGradient) = LossAndGradient(correlations, logits, labels, mixed);
            Assert.Equal(loss, mixedLoss, 1e-5);
            AssertClose(gradient, mixedGradient);
        }
    }

    [Fact]
    public void Correlations_OfAStudentThatEqualsItsTeacher_AreOne()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, _) = RandomBatch(62);
        var (loss, gradient) = LossAndGradient(new Correlations { Temperature = 1 }, logits, labels, logits.clone());
        Assert.InRange(loss, -1e-5, 1e-4);
        AssertClose(zeros_like(logits), gradient, 1e-4);
    }

    [Fact]
    public void Correlations_OfABatchOfOne_HaveNothingToSayWithinClasses()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, teacher) = RandomBatch(63, batch: 1);
        var (loss, gradient) = LossAndGradient(new Correlations { Temperature = 1, Inter = 0 }, logits, labels, teacher);
        Assert.Equal(1, loss, 6);
        AssertClose(zeros_like(logits), gradient);
    }
}
