using KdService.Core.Runs;
using Spectre.Console;

namespace KdService.Cli.Display;

/// <summary>One trained network in a table of results.</summary>
/// <param name="Title">How it was trained, for people.</param>
/// <param name="Report">What came of the run that trained it.</param>
public sealed record Result(string Title, RunReport Report);

/// <summary>What came of runs, side by side.</summary>
public static class ResultsTable
{
    /// <summary>A row per run, in the order given; accuracies, or what else networks are judged by, which the columns then name, are those on test data. What a network was put to has a column of its own.</summary>
    public static Table Of(IReadOnlyList<Result> results)
    {
        var trials = results.SelectMany(result => Scores(result.Report)).GroupBy(score => score.Name, score => score.Metric).ToList();
        var judged = EvaluationResult.Judged(results.Select(result => result.Report.Models[^1].Best.Metric));
        // Where one column is no accuracy, every column says what it is: they are not to be compared.
        var mixed = judged.Length + EvaluationResult.Judged(trials.SelectMany(metrics => metrics)).Length > 0;
        var table = new Table().Border(TableBorder.Rounded).AddColumns(
            new TableColumn("model").NoWrap(),
            new TableColumn("trained").NoWrap(),
            new TableColumn("parameters").RightAligned().NoWrap(),
            new TableColumn($"last{judged}").RightAligned().NoWrap(),
            new TableColumn($"best{judged}").RightAligned().NoWrap(),
            new TableColumn("agreement").RightAligned().NoWrap(),
            new TableColumn("time").RightAligned().NoWrap());
        foreach (var trial in trials) table.AddColumn(new TableColumn(Markup.Escape(mixed ? $"{trial.Key} ({EvaluationResult.NamesOf(trial)})" : trial.Key)).RightAligned());
        foreach (var (title, report) in results)
        {
            // The job's own network comes last in its report.
            var model = report.Models[^1];
            table.AddRow(
            [
                Markup.Escape(model.Architecture),
                Markup.Escape(title),
                Units.Count(model.Parameters),
                Units.Percent(model.Last?.Score),
                Units.Percent(model.Best.Score),
                Units.Percent(model.Best.Agreement),
                Units.Duration(report.Seconds),
                .. trials.Select(trial => Units.Percent(Scores(report).FirstOrDefault(score => score.Name == trial.Key)?.Score)),
            ]);
        }
        return table;
    }

    private static IEnumerable<RobustnessScore> Scores(RunReport report) => report.Models[^1].Robustness?.Scores ?? [];
}
