using KdService.Core.Plans;

namespace KdService.Core.Methods;

/// <summary>Tang et al. (2020): the teacher's confidence without its class relations (universe and instance).</summary>
[Method("kd_pt", "KD-pt", "Partial KD: the teacher's probability of the true class, the rest spread evenly over the other classes.",
    Paper = TangEtAl,
    Evidence = "[recalled, unverified] the targets rho_t = p_t, (1 - p_t) / (K - 1) elsewhere; ours: p is the softened teacher, as in the loss that the targets replace; hyper-parameters not found")]
public sealed record KdPt : PartialKd
{
    /// <inheritdoc />
    protected override PartialTargets Targets => new TrueClassTargets();
}
