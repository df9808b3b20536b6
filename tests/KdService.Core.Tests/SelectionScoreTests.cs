using KdService.Core.Datasets;
using KdService.Core.Runs;

namespace KdService.Core.Tests;

public sealed class SelectionScoreTests
{
    [Theory]
    [InlineData("score/accuracy", 0.9124, "91.2 %")]
    [InlineData("score/pearson", 0.8714, "0.871 pearson")]
    [InlineData("score/matthews", -0.05, "-0.050 matthews")]
    [InlineData("score/f1", 0.9, "0.900 f1")]
    public void Score_OfAJobsOwnNetwork_IsShownWithItsMetric(string series, double value, string shown) =>
        Assert.Equal(shown, SelectionScore.In(new Dictionary<string, double> { ["selection/accuracy"] = 0.03, [series] = value })!.ToString());

    [Fact]
    public void Score_OfAJobWhoseOwnNetworkWasNotEvaluated_IsNone()
    {
        Assert.Null(SelectionScore.In(null));
        Assert.Null(SelectionScore.In(new Dictionary<string, double> { ["selection/accuracy"] = 0.6 }));
    }

    [Fact]
    public void Titles_NameWhatIsNoAccuracy()
    {
        Assert.Equal("", EvaluationResult.Judged([]));
        Assert.Equal("", EvaluationResult.Judged([ScoreMetric.Accuracy, ScoreMetric.Accuracy]));
        Assert.Equal(" accuracy/f1", EvaluationResult.Judged([ScoreMetric.Accuracy, ScoreMetric.F1, ScoreMetric.F1]));
    }
}
