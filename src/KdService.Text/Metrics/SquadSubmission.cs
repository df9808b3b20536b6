using System.Text.Encodings.Web;
using System.Text.Json;
using KdService.Text.Tasks;

namespace KdService.Text.Metrics;

/// <summary>Predictions as SQuAD's official evaluation takes them.</summary>
public static class SquadSubmission
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary><c>predictions.json</c>: the answer of each question by its id.</summary>
    public static string Answers(IEnumerable<SquadPrediction> predictions) => JsonSerializer.Serialize(predictions.ToDictionary(prediction => prediction.Id, prediction => prediction.Text), Readable) + "\n";

    /// <summary><c>null_odds.json</c>: how much more each question's answer is believed to be none, by its id.</summary>
    public static string NullDifferences(IEnumerable<SquadPrediction> predictions) => JsonSerializer.Serialize(predictions.ToDictionary(prediction => prediction.Id, prediction => prediction.NullDifference), Readable) + "\n";
}
