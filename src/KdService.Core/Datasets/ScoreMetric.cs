namespace KdService.Core.Datasets;

/// <summary>What a network is judged by, and its best epoch chosen; higher is better.</summary>
public enum ScoreMetric
{
    /// <summary>Part of the samples whose top class is right.</summary>
    Accuracy,

    /// <summary>The harmonic mean of precision and recall: of class 1, or of the words of answers.</summary>
    F1,

    /// <summary>Matthews' correlation of predicted and true classes.</summary>
    Matthews,

    /// <summary>Pearson's correlation of predicted and true values.</summary>
    Pearson,
}
