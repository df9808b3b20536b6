using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>How confidence and class relations make one target.</summary>
public enum TargetCombination
{
    /// <summary><c>rho_t = p~_t</c>; what is left goes to the other classes in proportion to their similarity.</summary>
    Split,

    /// <summary>A convex mix of the targets of <c>kd_pt</c> and <c>kd_sim</c>.</summary>
    Mix,
}

/// <summary>Targets of the teacher's confidence and of class relations.</summary>
[Case("kd_pt_sim", "Partial KD: the teacher's probability of the true class, and class similarity for the other classes.")]
public sealed record TrueClassAndSimilarityTargets : SimilarityTargets
{
    /// <summary>How the two make one target.</summary>
    [Field("split: the other classes share what the true class leaves, in proportion to their similarity. mix: a weighted mean of the targets of kd_pt and kd_sim.",
        Evidence = "[recalled, unverified] both readings of the paper")]
    public TargetCombination Combination { get; init; }

    /// <summary>The part of the similarity in a mix.</summary>
    [Field("The part of kd_sim's targets in a mix.", Min = 0, Max = 1, Evidence = "ours")]
    public double Mix { get; init; } = 0.5;
}
