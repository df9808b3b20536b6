using KdService.Core.Plans;
using KdService.Distillation.Objectives;
using static KdService.Distillation.Tests.Fixtures;
using static KdService.Distillation.Tests.Objectives.Losses;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Objectives;

public class ContinuationTests
{
    [Theory]
    [InlineData(MseReduction.Batch)]
    [InlineData(MseReduction.Elements)]
    public void Continuation_WithoutMarginAndWithAStep_IsAnnealingKd(MseReduction reduction)
    {
        using var scope = NewDisposeScope();
        var (logits, labels, teacher) = RandomBatch(31);
        var continuation = new Continuation { Margin = 0, Reduction = reduction, Psi = PsiSchedule.Step, PsiUntil = 0.6 };
        var annealing = new Curriculum { Source = "teacher", AnnealFrom = 5 };
        for (var epoch = 0; epoch < 10; epoch++)
        {
            var factor = annealing.LogitFactor(epoch, 10);
            var batch = new TrainingBatch { Logits = logits, Labels = labels, TeacherLogits = factor * teacher, LogitFactor = factor, Epoch = epoch };
            Objective stage = epoch < 6 ? new LogitMse { Reduction = reduction } : new CrossEntropy();
            var (loss, gradient) = LossAndGradient(continuation, batch);
            var (annealingLoss, annealingGradient) = LossAndGradient(stage, batch);
            Assert.Equal(annealingLoss, loss, 5);
            AssertClose(annealingGradient, gradient);
        }
    }

    [Fact]
    public void Continuation_ASampleWithinTheMargin_IsLeftAlone()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, _) = RandomBatch(32, batch: 2);
        // Squared distances 0.4 and 3.6 from a teacher that differs in one class; the margin is 2 at full scale and 1 at half.
        var teacher = logits.clone();
        teacher[0, 3] += Math.Sqrt(0.4);
        teacher[1, 3] += Math.Sqrt(3.6);
        foreach (var factor in new[] { 1.0, 0.5 })
        {
            var batch = new TrainingBatch { Logits = logits, Labels = labels, TeacherLogits = teacher, LogitFactor = factor };
            var (loss, gradient) = LossAndGradient(new Continuation { Margin = 2, Psi = PsiSchedule.Step, Reduction = MseReduction.Batch }, batch);
            Assert.Equal((3.6 - 2 * factor) / 2, loss, 5);
            Assert.All(Floats(gradient[0]), value => Assert.Equal(0, value));
            AssertClose((logits - teacher)[1], gradient[1]);
        }
    }
}
