using KdService.Core.Plans;

namespace KdService.Core.Tests;

public class PlanTests
{
    [Theory]
    [InlineData(10, 10)]
    [InlineData(30, 10)]
    [InlineData(30, 14)]
    [InlineData(7, 3)]
    [InlineData(1, 1)]
    public void LogitFactor_OverAStage_RisesFromOneOverTauToOneAndNeverBeyond(int epochs, int tau)
    {
        var curriculum = new Curriculum { Source = "teacher", AnnealFrom = tau };
        var factors = Enumerable.Range(0, epochs).Select(epoch => curriculum.LogitFactor(epoch, epochs)).ToList();
        Assert.Equal(1.0 / tau, factors[0], 12);
        Assert.Equal(1.0, factors[^1], 12);
        Assert.All(factors, factor => Assert.InRange(factor, 0, 1));
        Assert.Equal(factors.Order(), factors);
    }

    [Fact]
    public void LogitFactor_WhereTauDoesNotDivideTheEpochs_IsClampedWhereTheOfficialScheduleOvershoots()
    {
        // 30 epochs, tau 14: plateaus of 2 epochs, so the unclamped counter is at 15/14 in the last two.
        var curriculum = new Curriculum { Source = "teacher", AnnealFrom = 14 };
        Assert.Equal(1, curriculum.LogitFactor(28, 30));
        Assert.Equal(1, curriculum.LogitFactor(29, 30));
        Assert.Equal(2.0 / 14, curriculum.LogitFactor(2, 30), 12);
    }

    [Fact]
    public void LogitFactor_IsThePaperPhi()
    {
        // Phi(T) = 1 - (T-1)/tau with T falling from tau to 1, one epoch each.
        var curriculum = new Curriculum { Source = "teacher", AnnealFrom = 10 };
        for (var epoch = 0; epoch < 10; epoch++)
            Assert.Equal(1 - (10 - epoch - 1) / 10.0, curriculum.LogitFactor(epoch, 10), 12);
    }

    [Fact]
    public void MultiStep_ByDefault_DropsAtHalfAndThreeQuarters()
    {
        var schedule = new MultiStep();
        double At(int epoch) => schedule.Factor(epoch * 100L, 100, 200);
        Assert.Equal([1, 1, 0.1, 0.1, 0.01, 0.01], [At(0), At(99), At(100), At(149), At(150), At(199)], (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void Cosine_WithWarmup_RisesThenFallsToItsEnd()
    {
        var schedule = new Cosine { WarmupEpochs = 1, Final = 0.05 };
        var factors = Enumerable.Range(0, 100).Select(step => schedule.Factor(step, 10, 10)).ToList();
        Assert.Equal(0.1, factors[0], 12);
        Assert.Equal(10, factors.IndexOf(factors.Max()));
        Assert.InRange(factors[^1], 0.05, 0.06);
    }

    [Fact]
    public void Weight_OfALossThatWarmsUp_RisesFromItsFirstEpochAndStays()
    {
        var term = new LossTerm { Weight = 5, WarmupEpochs = 4, Objective = new CrossEntropy() };
        Assert.Equal([1.25, 2.5, 3.75, 5, 5], Enumerable.Range(0, 5).Select(term.WeightAt));
        Assert.Equal(5, (term with { WarmupEpochs = 0 }).WeightAt(0));
    }
}
