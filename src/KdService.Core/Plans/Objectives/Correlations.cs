using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>
/// Huang et al. (2022), DIST: <c>tau^2 (inter (1 - mean_b r(q_b, p_b)) + intra (1 - mean_k r(q_k, p_k)))</c>, with Pearson's r between
/// the rows (samples) and between the columns (classes) of the softened probabilities <c>[batch, classes]</c>.
/// </summary>
[Case("dist", "DIST: one minus Pearson's correlation of the softened probabilities, between classes and within them.")]
public sealed record Correlations : TemperedObjective
{
    /// <summary>Weight of the correlation between classes: of each sample's probabilities.</summary>
    [Field("Weight of the correlation of each sample's probabilities with the teacher's.", Min = 0, Max = 1_000_000, Evidence = "[read: DIST] beta 1")]
    public double Inter { get; init; } = 1;

    /// <summary>Weight of the correlation within classes: of each class's probabilities over the batch.</summary>
    [Field("Weight of the correlation of each class's probabilities, over the batch, with the teacher's.", Min = 0, Max = 1_000_000, Evidence = "[read: DIST] gamma 1")]
    public double Intra { get; init; } = 1;
}
