using KdService.Core.Plans;
using static KdService.Distillation.Tests.Fixtures;
using static KdService.Distillation.Tests.Objectives.Losses;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Objectives;

public class StandardisationTests
{
    [Fact]
    public void Standardised_ATeacherWithOtherOffsetsAndScales_TeachesTheSame()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, teacher) = RandomBatch(21);
        var other = teacher * (0.5 + rand(16, 1)) + 3 * randn(16, 1);
        foreach (var objective in Softened.Select(softened => softened with { Standardise = true }))
        {
            var (loss, gradient) = LossAndGradient(objective, logits, labels, teacher);
            var (otherLoss, otherGradient) = LossAndGradient(objective, logits, labels, other);
            Assert.Equal(loss, otherLoss, 1e-4);
            AssertClose(gradient, otherGradient, 1e-4);
        }
    }

    [Fact]
    public void Standardised_TheStudentsScale_IsNotToBeLearnt()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, teacher) = RandomBatch(22);
        // Nothing of the labels is in it: then the gradient is square to the logits, and to the offset.
        var (_, gradient) = LossAndGradient(new SoftTargets { Alpha = 1, Standardise = true }, logits, labels, teacher);
        AssertClose(zeros(16), (gradient * logits).sum(1), 1e-4);
        AssertClose(zeros(16), gradient.sum(1), 1e-4);
        Assert.True(gradient.abs().max().item<float>() > 1e-3);
    }
}
