using System.Text.Encodings.Web;
using System.Text.Json;
using KdService.Text.Tasks;

namespace KdService.Text.Metrics;

/// <summary>Predictions as SQuAD's official evaluation takes them.</summary>
public static class SquadSubmission
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Compact = new(Readable) { WriteIndented = false };

    /// <summary><c>predictions.json</c>: the answer of each question by its id.</summary>
    public static string Answers(IEnumerable<SquadPrediction> predictions) => JsonSerializer.Serialize(predictions.ToDictionary(prediction => prediction.Id, prediction => prediction.Text), Readable) + "\n";

    /// <summary><c>nbest_predictions.json</c>: the candidates of each question by its id, the best first, as <c>run_squad.py</c> writes them; on one line, for there are many.</summary>
    public static string Candidates(IEnumerable<SquadPrediction> predictions) => JsonSerializer.Serialize(predictions.ToDictionary(prediction => prediction.Id, prediction => prediction.Candidates.Select(candidate => new
    {
        text = candidate.Text,
        probability = candidate.Probability,
        start_logit = candidate.Start,
        end_logit = candidate.End,
    })), Compact) + "\n";

    /// <summary><c>null_odds.json</c>: how much more each question's answer is believed to be none, by its id.</summary>
    public static string NullDifferences(IEnumerable<SquadPrediction> predictions) => JsonSerializer.Serialize(predictions.ToDictionary(prediction => prediction.Id, prediction => prediction.NullDifference), Readable) + "\n";
}
