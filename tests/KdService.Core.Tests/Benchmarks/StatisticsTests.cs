using KdService.Core.Benchmarks;

namespace KdService.Core.Tests.Benchmarks;

public class StatisticsTests
{
    /// <summary>Closed forms: one degree of freedom is Cauchy's distribution, two have t = 2(1-p) / sqrt(2 q (2 - q)).</summary>
    [Theory]
    [InlineData(0.05)]
    [InlineData(0.5)]
    [InlineData(0.001)]
    public void StudentT_OfOneAndTwoDegrees_IsTheClosedForm(double probability)
    {
        Assert.Equal(Math.Tan(Math.PI * (1 - probability) / 2), StudentT.Quantile(probability, 1), 1e-9 * Math.Tan(Math.PI * (1 - probability) / 2));
        Assert.Equal((1 - probability) * Math.Sqrt(2 / (probability * (2 - probability))), StudentT.Quantile(probability, 2), 1e-8);
    }

    /// <summary>The values that tables of the t distribution print.</summary>
    [Theory]
    [InlineData(1, 12.706)]
    [InlineData(2, 4.303)]
    [InlineData(3, 3.182)]
    [InlineData(4, 2.776)]
    [InlineData(9, 2.262)]
    [InlineData(10, 2.228)]
    [InlineData(30, 2.042)]
    [InlineData(120, 1.980)]
    public void StudentT_NinetyFivePerCent_IsTheTables(int freedom, double value) =>
        Assert.Equal(value, StudentT.Quantile(0.05, freedom), 0.0005);

    [Fact]
    public void StudentT_ProbabilityAndQuantile_AreInverse()
    {
        foreach (var freedom in new[] { 1, 2, 5, 30, 1000 })
            foreach (var probability in new[] { 0.9, 0.31731, 0.05, 1e-6 })
                Assert.Equal(probability, StudentT.TwoSided(StudentT.Quantile(probability, freedom), freedom), 1e-9);
        // The normal distribution's 1.96, in the limit.
        Assert.Equal(1.959964, StudentT.Quantile(0.05, 10_000_000), 1e-5);
        Assert.Equal(1, StudentT.TwoSided(0, 4), 1e-12);
    }

    [Fact]
    public void Spread_OfFiveValues_IsTheSampleDeviationAndItsInterval()
    {
        var spread = Spread.Of([2, 4, null, 4, 5, 10])!;

        // By hand: mean 5, squares 9 + 1 + 1 + 0 + 25 = 36 over 4, t = 2.776445 with 4 degrees.
        Assert.Equal((5, 5.0, 3.0), (spread.N, spread.Mean, spread.Deviation));
        Assert.Equal(5 - 2.776445 * 3 / Math.Sqrt(5), spread.Low!.Value, 1e-5);
        Assert.Equal(5 + 2.776445 * 3 / Math.Sqrt(5), spread.High!.Value, 1e-5);
    }

    [Fact]
    public void Spread_OfOneValueOrNone_ClaimsNothing()
    {
        Assert.Equal(new Spread { N = 1, Mean = 0.7 }, Spread.Of([null, 0.7]));
        Assert.Null(Spread.Of([]));
        Assert.Null(Spread.Of([null]));
    }

    [Fact]
    public void PairedTTest_OfThreeSeeds_IsTheHandComputedOne()
    {
        var comparison = Comparison.OfSeeds([0.01, 0.02, 0.03])!;

        // Mean 0.02, deviation 0.01: t = 0.02 / (0.01 / sqrt 3) = 2 sqrt 3 with 2 degrees, p = 1 - t / sqrt(t^2 + 2).
        Assert.Equal(0.02, comparison.Difference, 1e-12);
        Assert.Equal(1 - 2 * Math.Sqrt(3) / Math.Sqrt(14), comparison.PValue!.Value, 1e-9);
        Assert.Equal(0.02 - 4.302653 * 0.01 / Math.Sqrt(3), comparison.Low!.Value, 1e-6);
        Assert.Equal((3, ComparisonBasis.Seeds), (comparison.Pairs, comparison.Basis));
        Assert.Null(Comparison.OfSeeds([]));
        Assert.Equal((0.1, null, null), (Comparison.OfSeeds([0.1])!.Difference, Comparison.OfSeeds([0.1])!.Low, Comparison.OfSeeds([0.1])!.PValue));
    }

    [Fact]
    public void Bootstrap_OfOnePair_HasTheWidthThatTheCentralLimitGives()
    {
        // 3 of 10 samples gained, 1 lost: mean 0.2, variance 0.4 - 0.04 = 0.36, so the interval is 0.2 +- 1.96 * 0.6 / sqrt n.
        const int n = 10_000;
        var gains = Enumerable.Range(0, n).Select(sample => (sbyte)(sample % 10 < 3 ? 1 : sample % 10 == 3 ? -1 : 0)).ToArray();
        var comparison = Of(gains);

        var half = 1.959964 * 0.6 / Math.Sqrt(n);
        Assert.Equal(0.2, comparison.Difference, 1e-12);
        Assert.Equal(0.2 - half, comparison.Low!.Value, 0.1 * half);
        Assert.Equal(0.2 + half, comparison.High!.Value, 0.1 * half);
        Assert.Equal(2.0 / 2001, comparison.PValue!.Value, 1e-9);
        Assert.Equal(comparison, Of(gains));
    }

    [Fact]
    public void Bootstrap_OfSeeds_CountsThemAsWellAsSamples()
    {
        // Two seeds that disagree wholly: of the four ways to draw them, one has both good, one both bad.
        var comparison = Of(Enumerable.Repeat((sbyte)1, 100).ToArray(), Enumerable.Repeat((sbyte)-1, 100).ToArray());

        Assert.Equal((0.0, -1.0, 1.0), (comparison.Difference, comparison.Low, comparison.High));
        Assert.Equal(1, comparison.PValue);
        Assert.Equal((2, ComparisonBasis.Bootstrap), (comparison.Pairs, comparison.Basis));
    }

    [Fact]
    public void Bootstrap_OfEqualPredictions_FindsNothing()
    {
        var comparison = Of(new sbyte[50]);

        Assert.Equal((0.0, 0.0, 0.0, 1.0), (comparison.Difference, comparison.Low, comparison.High, comparison.PValue));
    }

    // Of accuracies: for each pair and sample 1 where only the row is right, -1 where only the baseline is.
    private static Comparison Of(params sbyte[][] pairs) =>
        Comparison.OfPredictions(pairs[0].Length, [.. pairs.Select(pair => (Func<int[], double>)(samples => samples.Average(sample => (double)pair[sample])))]);

    [Fact]
    public void ParetoFront_IsWhatNoOtherBeats()
    {
        var front = ParetoFront.Of([(0.9, 100), (0.8, 50), (0.7, 60), (0.9, 120), (0.8, 50), (null, 1), (0.95, null)]);

        Assert.Equal([true, true, false, false, true, null, null], front);
    }
}
