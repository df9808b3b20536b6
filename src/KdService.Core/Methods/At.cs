using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>Zagoruyko and Komodakis (2017): attention maps beside the labels.</summary>
[Method("at", "Attention transfer", "Matches where the networks look: the attention maps of every stage, beside the labels.",
    Paper = "Zagoruyko, Komodakis: Paying More Attention to Attention, ICLR 2017, arXiv 1612.03928",
    Evidence = "[read: RepDistiller, mdistiller] the maps of all stages, their power and the pooling to the smaller map; where the networks differ in their number of stages the last ones are paired, which is ours")]
public sealed record At : FeatureMethod
{
    /// <inheritdoc />
    [Field("Weight of the squared differences.", Min = 0, ExclusiveMin = true, Max = 10_000_000, Evidence = "[read: RepDistiller, mdistiller]")]
    public override double FeatureWeight { get; init; } = 1000;

    /// <summary>The power p.</summary>
    [Field("The power that maps are raised to before the mean over channels.", Min = 1, Max = 10, Evidence = "[read: RepDistiller, mdistiller]")]
    public int Power { get; init; } = 2;

    /// <inheritdoc />
    protected override FeatureObjective Features => new AttentionTransfer { Layers = Layers, Power = Power };
}
