using KdService.Api.Benchmarks;

namespace KdService.Api.Tests;

public class ChartAxisTests
{
    [Theory]
    [InlineData(0.006, 0.018)]
    [InlineData(0.002, 0.2)]
    [InlineData(0.9, 1.2)]
    [InlineData(78_042, 272_474)]
    [InlineData(1.2e6, 5e9)]
    public void Ticks_OfACost_AreLabelledApart(double low, double high)
    {
        var labels = ChartAxis.Cost([low, high]).Ticks(4).Select(ChartAxis.Short).ToList();

        Assert.True(labels.Count > 1);
        Assert.Equal(labels.Distinct(), labels);
        Assert.DoesNotContain(labels, label => label.Contains('E', StringComparison.Ordinal));
    }
}
