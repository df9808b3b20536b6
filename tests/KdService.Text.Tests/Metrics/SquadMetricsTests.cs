using System.Text.Json;
using KdService.Text.Metrics;
using KdService.Text.Tasks;

namespace KdService.Text.Tests.Metrics;

public class SquadMetricsTests
{
    private static readonly JsonElement Python = Fixtures.Read("metrics.json").GetProperty("squad");
    private static readonly SquadQuestion[] Questions =
        [.. Python.GetProperty("questions").EnumerateObject().Select(question => new SquadQuestion(question.Name, "", "", [.. Fixtures.Strings(question.Value).Select(answer => new SquadAnswer(answer, null))]))];

    private static readonly Dictionary<string, string> Predictions = Python.GetProperty("predictions").EnumerateObject().ToDictionary(item => item.Name, item => item.Value.GetString()!);

    [Fact]
    public void Normalise_IsAsPythonDoesIt()
    {
        foreach (var expected in Python.GetProperty("normalised").EnumerateArray()) Assert.Equal(expected[1].GetString(), SquadText.Normalise(expected[0].GetString()!));
    }

    [Theory]
    [InlineData("first", false)]
    [InlineData("second", true)]
    public void Measure_EachQuestion_IsAsPythonDoesIt(string name, bool version2)
    {
        var questions = version2 ? Questions : [.. Questions.Where(question => !question.IsImpossible)];
        var expected = Python.GetProperty(name).EnumerateArray().Select(pair => (pair[0].GetDouble(), pair[1].GetDouble())).ToArray();
        Assert.Equal(expected.Length, questions.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            var scores = SquadMetrics.Measure([questions[i]], Predictions, version2);
            Assert.Equal(100 * expected[i].Item1, scores.Exact, 1e-9);
            Assert.Equal(100 * expected[i].Item2, scores.F1, 1e-9);
        }
        var whole = SquadMetrics.Measure(questions, Predictions, version2);
        Assert.Equal(100 * expected.Average(pair => pair.Item2), whole.F1, 1e-9);
        Assert.Equal((expected.Length, 0), (whole.Total, whole.Missing));
    }

    [Fact]
    public void Measure_BestThreshold_IsTheBestOfAll()
    {
        var odds = Python.GetProperty("odds").EnumerateObject().ToDictionary(item => item.Name, item => item.Value.GetDouble());
        var scores = SquadMetrics.Measure(Questions, Predictions, version2: true, odds);
        foreach (var (expected, (value, threshold)) in Python.GetProperty("best").EnumerateArray().Zip([scores.BestExact!.Value, scores.BestF1!.Value]))
        {
            Assert.Equal(expected[0].GetDouble(), value, 1e-9);
            Assert.Equal(expected[1].GetDouble(), threshold);
        }
        Assert.Equal(Questions.Count(question => question.IsImpossible), scores.Impossible!.Total);
        Assert.Equal(scores.F1 * scores.Total, scores.Answerable!.F1 * scores.Answerable.Total + scores.Impossible.F1 * scores.Impossible.Total, 1e-6);
    }

    [Fact]
    public void Measure_WithoutAPrediction_IsWrongAndCounted()
    {
        var scores = SquadMetrics.Measure([new("x", "", "", [new("right", 0)]), new("y", "", "", [new("right", 0)])], new Dictionary<string, string> { ["x"] = "The right!" }, version2: false);
        Assert.Equal((50, 50, 2, 1), (scores.Exact, scores.F1, scores.Total, scores.Missing));
        Assert.Equal(0, SquadMetrics.Measure([new("z", "", "", [])], new Dictionary<string, string>(), version2: true).Answerable!.F1);
    }
}
