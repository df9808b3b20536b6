using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using KdService.Text.Metrics;
using KdService.Text.Tasks;

namespace KdService.Text.Tests.Metrics;

public class MetricsTests
{
    private static readonly JsonElement Python = Fixtures.Read("metrics.json");

    [Fact]
    public void Classes_AreMeasuredAsPythonDoes()
    {
        foreach (var expected in Python.GetProperty("classes").EnumerateArray())
        {
            var (predicted, labels) = (Integers(expected, "predicted"), Integers(expected, "labels"));
            foreach (var given in new[] { ClassificationMetrics.Accuracy(predicted, labels), ClassificationMetrics.F1(predicted, labels), ClassificationMetrics.Matthews(predicted, labels) })
            {
                Assert.Equal(expected.GetProperty(given.Name).GetDouble(), given.Value, 1e-12);
            }
        }
    }

    [Fact]
    public void Scores_AreMeasuredAsPythonDoes()
    {
        foreach (var expected in Python.GetProperty("scores").EnumerateArray())
        {
            var (predicted, scores) = (Doubles(expected, "predicted"), Doubles(expected, "scores"));
            foreach (var given in new[] { CorrelationMetrics.Pearson(predicted, scores), CorrelationMetrics.Spearman(predicted, scores) }) Assert.Equal(expected.GetProperty(given.Name).GetDouble(), given.Value, 1e-12);
        }
    }

    [Fact]
    public void Matthews_OfTwoClasses_IsItsClosedForm()
    {
        // tp 3, fn 1, fp 2, tn 4
        int[] labels = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0], predicted = [1, 1, 1, 0, 1, 1, 0, 0, 0, 0];
        Assert.Equal((3 * 4 - 2 * 1) / Math.Sqrt(5.0 * 4 * 6 * 5), ClassificationMetrics.Matthews(predicted, labels).Value, 1e-15);
        Assert.Equal(2.0 * 3 / (2 * 3 + 1 + 2), ClassificationMetrics.F1(predicted, labels).Value, 1e-15);
    }

    [Fact]
    public void Metrics_OfASingleClassOrOfConstants_AreZeroAndSayWhy()
    {
        Assert.Equal(new MetricValue("matthews", 0, "all labels are of one class"), ClassificationMetrics.Matthews([0, 1], [1, 1]));
        Assert.Equal(new MetricValue("matthews", 0, "all predictions are of one class"), ClassificationMetrics.Matthews([1, 1], [0, 1]));
        Assert.Equal(new MetricValue("f1", 0, "neither labels nor predictions have class 1"), ClassificationMetrics.F1([0, 0], [0, 0]));
        Assert.Equal(new MetricValue("f1", 0), ClassificationMetrics.F1([0, 0], [0, 1]));
        Assert.Equal(new MetricValue("pearson", 0, "all scores are the same"), CorrelationMetrics.Pearson([1, 2], [3, 3]));
        Assert.Equal(new MetricValue("spearman", 0, "all predictions are the same"), CorrelationMetrics.Spearman([3, 3], [1, 2]));
        Assert.Equal(new MetricValue("pearson", 0, "not all predictions are finite"), CorrelationMetrics.Pearson([1, double.NaN], [1, 2]));
        Assert.Throws<ArgumentException>(() => ClassificationMetrics.Accuracy([], []));
        Assert.Throws<ArgumentException>(() => CorrelationMetrics.Pearson([1], [1, 2]));
    }

    [Fact]
    public void Correlations_OfAnyScores_AreBetweenMinusOneAndOne_AndAreOneWithThemselves() => Prop.ForAll(ArbMap.Default.ArbFor<(double, double)[]>(), pairs =>
    {
        if (pairs.Length == 0) return;
        double[] x = [.. pairs.Select(pair => pair.Item1)], y = [.. pairs.Select(pair => pair.Item2)];
        foreach (var metric in new[] { CorrelationMetrics.Pearson(x, y), CorrelationMetrics.Spearman(x, y) }) Assert.InRange(metric.Value, -1, 1);
        var own = CorrelationMetrics.Spearman(x, x);
        if (own.Note is null) Assert.Equal(1, own.Value, 1e-9);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Combined_IsTheMeanOfTwoMetrics()
    {
        int[] predicted = [1, 1, 0, 1], labels = [1, 0, 0, 1];
        var (f1, accuracy) = (ClassificationMetrics.F1(predicted, labels), ClassificationMetrics.Accuracy(predicted, labels));
        Assert.Equal(("f1", 0.8, "accuracy", 0.75), (f1.Name, f1.Value, accuracy.Name, accuracy.Value));
        var combined = GlueMetrics.Combined(f1, accuracy);
        Assert.Equal("combined", combined.Name);
        Assert.Equal(0.775, combined.Value, 1e-12);
    }

    [Fact]
    public void Submission_HasTheServersHeaderLabelsAndNames()
    {
        var (rte, mnli, sts) = (TextSources.All["RTE"], TextSources.All["MNLI"], TextSources.All["STS-B"]);
        string[] test = ["0", "7"];
        Assert.Equal("index\tprediction\n0\tnot_entailment\n7\tentailment\n", GlueSubmission.Of(rte, test, [1, 0]));
        Assert.Equal("index\tprediction\n0\tcontradiction\n7\tentailment\n", GlueSubmission.Of(mnli, test, [0, 2]));
        Assert.Equal("index\tprediction\n0\t1\n7\t0\n", GlueSubmission.Of(TextSources.All["WNLI"], test, [1, 0]));
        Assert.Equal("index\tprediction\n0\t5.000\n7\t2.346\n", GlueSubmission.Of(test, [5.2, 2.3456]));
        Assert.Equal(("MNLI-m.tsv", "MNLI-mm.tsv", "STS-B.tsv"), (GlueSubmission.FileName(mnli), GlueSubmission.FileName(TextSources.All["MNLI-mm"]), GlueSubmission.FileName(sts)));
        Assert.Contains("1 predictions given; the test part has 2", Assert.Throws<ArgumentException>(() => GlueSubmission.Of(rte, test, [0])).Message, StringComparison.Ordinal);
        Assert.Contains("prediction 1 is class 2; RTE has 2", Assert.Throws<ArgumentException>(() => GlueSubmission.Of(rte, test, [0, 2])).Message, StringComparison.Ordinal);
    }

    private static int[] Integers(JsonElement parent, string name) => [.. parent.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];

    private static double[] Doubles(JsonElement parent, string name) => [.. parent.GetProperty(name).EnumerateArray().Select(value => value.GetDouble())];
}
