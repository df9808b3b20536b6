using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>Tang et al. (2020): confidence and class relations, without what the teacher says of each sample's wrong classes.</summary>
[Method("kd_pt_sim", "KD-pt+sim", "Partial KD: the teacher's probability of the true class, and class similarity for the other classes.",
    Paper = TangEtAl,
    Evidence = "[recalled, unverified] that both targets are combined; how, in two readings; hyper-parameters not found")]
public sealed record KdPtSim : PartialKd
{
    /// <summary>The factor on the cosines.</summary>
    [Field("Factor on the cosines between the rows of the teacher's last layer, before the softmax over classes.", Min = 0, Max = 1000, Evidence = "ours")]
    public double Sharpness { get; init; } = 5;

    /// <summary>How the two make one target.</summary>
    [Field("split: the other classes share what the true class leaves, in proportion to their similarity. mix: a weighted mean of the targets of kd_pt and kd_sim.", Evidence = "[recalled, unverified] both readings of the paper")]
    public TargetCombination Combination { get; init; }

    /// <summary>The part of the similarity in a mix.</summary>
    [Field("The part of kd_sim's targets in a mix.", Min = 0, Max = 1, Evidence = "ours")]
    public double Mix { get; init; } = 0.5;

    /// <inheritdoc />
    protected override PartialTargets Targets => new TrueClassAndSimilarityTargets { Sharpness = Sharpness, Combination = Combination, Mix = Mix };
}
