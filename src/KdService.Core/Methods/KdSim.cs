using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>Tang et al. (2020): class relations without the teacher's confidence (universe and domain); equal targets for all samples of a class.</summary>
[Method("kd_sim", "KD-sim", "Partial KD: targets that depend on the true class only, by how similar the classes are in the teacher's last layer.",
    Paper = TangEtAl,
    Evidence = "[recalled, unverified] targets proportional to exp(f(cos(w_t, w_i))), rows of the teacher's last layer; f and hyper-parameters not found")]
public sealed record KdSim : PartialKd
{
    /// <summary>The factor on the cosines.</summary>
    [Field("Factor on the cosines between the rows of the teacher's last layer, before the softmax over classes; the higher, the more the true class has.", Min = 0, Max = 1000, Evidence = "ours")]
    public double Sharpness { get; init; } = 5;

    /// <inheritdoc />
    protected override PartialTargets Targets => new ClassSimilarityTargets { Sharpness = Sharpness };
}
