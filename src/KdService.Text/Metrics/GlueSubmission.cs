using System.Globalization;
using KdService.Text.Tasks;

namespace KdService.Text.Metrics;

/// <summary>Predictions as GLUE's server takes them: a tab-separated file a task, <c>index</c> and <c>prediction</c>.</summary>
public static class GlueSubmission
{
    private const string Header = "index\tprediction\n";

    /// <summary>The name of a task's file: <c>MNLI-m.tsv</c> of MNLI, else the task's own.</summary>
    public static string FileName(TextSource source) => $"{(source.Name == "MNLI" ? "MNLI-m" : source.Name)}.tsv";

    /// <summary>The file of predicted classes, spelt as in the task's own files.</summary>
    /// <param name="source">The task.</param>
    /// <param name="ids">What the test part's file calls its examples, in its order.</param>
    /// <param name="predicted">A class for each.</param>
    /// <exception cref="ArgumentException">The numbers differ, or a class is none of the task's.</exception>
    public static string Of(TextSource source, IReadOnlyList<string> ids, ReadOnlySpan<int> predicted)
    {
        var labels = source.Labels ?? throw new ArgumentException($"{source.Name} has scores; classes given", nameof(source));
        var spellings = new string[predicted.Length];
        for (var i = 0; i < predicted.Length; i++)
        {
            spellings[i] = (uint)predicted[i] < (uint)labels.Count ? labels.Spellings[predicted[i]]
                : throw new ArgumentException($"prediction {i} is class {predicted[i]}; {source.Name} has {labels.Count} classes from 0", nameof(predicted));
        }
        return Table(ids, spellings);
    }

    /// <summary>The file of predicted scores, kept within the task's range, with three decimals.</summary>
    /// <exception cref="ArgumentException">The numbers differ, or a score is not a number.</exception>
    public static string Of(IReadOnlyList<string> ids, ReadOnlySpan<double> predicted, double low = 0, double high = 5)
    {
        var scores = new string[predicted.Length];
        for (var i = 0; i < predicted.Length; i++)
        {
            if (double.IsNaN(predicted[i])) throw new ArgumentException($"prediction {i} is not a number", nameof(predicted));
            scores[i] = Math.Clamp(predicted[i], low, high).ToString("F3", CultureInfo.InvariantCulture);
        }
        return Table(ids, scores);
    }

    private static string Table(IReadOnlyList<string> ids, string[] predictions)
    {
        if (predictions.Length != ids.Count) throw new ArgumentException($"{predictions.Length} predictions given; the test part has {ids.Count} examples", nameof(predictions));
        return Header + string.Concat(ids.Zip(predictions, (id, prediction) => $"{id}\t{prediction}\n"));
    }
}
