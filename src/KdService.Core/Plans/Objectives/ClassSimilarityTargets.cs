using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>
/// Targets of class relations alone: <c>rho_i</c> proportional to <c>exp(sharpness cos(w_t, w_i))</c>, w the rows of the teacher's last
/// layer; equal for all samples of a class.
/// </summary>
[Case("kd_sim", "Partial KD: a softmax over how similar the classes are in the teacher's last layer.")]
public sealed record ClassSimilarityTargets : SimilarityTargets;
