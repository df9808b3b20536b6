using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>Tang et al. (2020): the teacher's likeliest classes as they are, without the noise of its unlikely ones (domain and instance).</summary>
[Method("kd_topk", "KD-topk", "Partial KD: the teacher's k largest probabilities, the rest spread evenly over the other classes.",
    Paper = TangEtAl,
    Evidence = "[recalled, unverified] the targets; k and other hyper-parameters not found")]
public sealed record KdTopk : PartialKd
{
    /// <summary>How many classes keep their probabilities.</summary>
    [Field("How many classes keep the teacher's probabilities; a quarter of them, rounded up, when left out.", Min = 1, Max = 1_000_000, Evidence = "ours; the paper's part of the classes was not found")]
    public int? TopK { get; init; }

    /// <inheritdoc />
    protected override PartialTargets Targets => new TopTargets { TopK = TopK };
}
