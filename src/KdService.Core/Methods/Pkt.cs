using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>Passalis and Tefas (2018): similarities within the batch, as probabilities, beside the labels.</summary>
[Method("pkt", "Probabilistic knowledge transfer", "Matches the batch's similarities as probabilities, beside the labels.",
    Paper = "Passalis, Tefas: Learning Deep Representations with Probabilistic Knowledge Transfer, ECCV 2018, arXiv 1803.10837",
    Evidence = "[read: RepDistiller, mdistiller]")]
public sealed record Pkt : FeatureMethod
{
    /// <inheritdoc />
    [Field("Weight of the divergence.", Min = 0, ExclusiveMin = true, Max = 10_000_000, Evidence = "[read: RepDistiller, mdistiller]")]
    public override double FeatureWeight { get; init; } = 30000;

    /// <inheritdoc />
    protected override FeatureObjective Features => new ProbabilisticTransfer { Layers = Layers };
}
