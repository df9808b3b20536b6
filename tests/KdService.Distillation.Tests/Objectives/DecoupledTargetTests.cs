using KdService.Core.Plans;
using static KdService.Distillation.Tests.Fixtures;
using static KdService.Distillation.Tests.Objectives.Losses;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Objectives;

public class DecoupledTargetTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Decoupled_WithTheWeightsThatKdHas_IsKd(double temperature)
    {
        using var scope = NewDisposeScope();
        var (logits, labels, teacher) = RandomBatch(51);
        for (var sample = 0; sample < 16; sample++)
        {
            var (one, label, taught) = (logits[sample].unsqueeze(0), labels[sample].unsqueeze(0), teacher[sample].unsqueeze(0));
            var confidence = (taught / temperature).softmax(1).gather(1, label.unsqueeze(1)).item<float>();
            // KL(p || q) = KL(b_T || b_S) + (1 - p_t) KL(p^_T || p^_S).
            var (loss, gradient) = LossAndGradient(new DecoupledTargets { Alpha = 1, Beta = 1 - confidence, Temperature = temperature }, one, label, taught);
            var (kd, kdGradient) = LossAndGradient(new SoftTargets { Alpha = 1, Temperature = temperature }, one, label, taught);
            Assert.Equal(kd, loss, 1e-5 * Math.Max(1, kd));
            AssertClose(kdGradient, gradient);
        }
    }

    [Fact]
    public void Decoupled_TheTrueClassAgainstTheRest_SeesOnlyTheirSum()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, teacher) = RandomBatch(52);
        var isTrue = labels.unsqueeze(1).eq(arange(Classes));
        var (binary, among) = (new DecoupledTargets { Alpha = 1, Beta = 0 }, new DecoupledTargets { Alpha = 0, Beta = 1 });
        // The part among the others does not move the true class, and none of its own is seen there.
        var (_, gradient) = LossAndGradient(among, logits, labels, teacher);
        AssertClose(zeros(16), (gradient * isTrue).sum(1));
        Assert.Equal(LossAndGradient(among, logits, labels, teacher).Loss, LossAndGradient(among, logits, labels, where(isTrue, teacher + 5, teacher)).Loss, 4);
        // With the others' logits equal on both sides there is nothing among them to learn.
        Assert.Equal(0, LossAndGradient(among, where(isTrue, logits + 5, logits), labels, logits).Loss, 5);
        Assert.True(LossAndGradient(binary, where(isTrue, logits + 5, logits), labels, logits).Loss > 0.1);
    }
}
