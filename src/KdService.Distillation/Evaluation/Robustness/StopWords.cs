using System.Collections.Frozen;

namespace KdService.Distillation.Evaluation.Robustness;

/// <summary>English words that say little by themselves, or turn the others round.</summary>
internal static class StopWords
{
    private static readonly FrozenSet<string> All = (
        "a about above after again against all also am an and any are aren as at be because been before being below between both but by can cannot could couldn "
        + "did didn do does doesn doing don down during each few for from further had hadn has hasn have haven having he her here hers herself him himself his how "
        + "i if in into is isn it its itself just ll me might mightn more most must mustn my myself needn neither never no nobody none nor not nothing now of off on once only or "
        + "other our ours ourselves out over own re same shall shan she should shouldn so some such than that the their theirs them themselves then there these they this "
        + "those through to too under until up ve very was wasn we were weren what when where which while who whom why will with without won would wouldn you your yours yourself yourselves")
        .Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a word is one of them, whatever its case.</summary>
    public static bool Contains(string word) => All.Contains(word);
}
