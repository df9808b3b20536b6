using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>Targets of the teacher's confidence alone: <c>rho_t = p~_t</c>, and <c>(1 - p~_t) / (K - 1)</c> for the others.</summary>
[Case("kd_pt", "Partial KD: the softened teacher's probability of the true class, the rest spread evenly over the other classes.")]
public sealed record TrueClassTargets : PartialTargets;
