using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>Tung and Mori (2019): similarities within the batch beside the labels.</summary>
[Method("sp", "Similarity-preserving KD", "Matches how similar the batch's samples are to each other in the last map, beside the labels.",
    Paper = "Tung, Mori: Similarity-Preserving Knowledge Distillation, ICCV 2019, arXiv 1907.09682",
    Evidence = "[read: RepDistiller, mdistiller]")]
public sealed record Sp : FeatureMethod
{
    /// <inheritdoc />
    [Field("Weight of the squared differences.", Min = 0, ExclusiveMin = true, Max = 10_000_000, Evidence = "[read: RepDistiller, mdistiller]")]
    public override double FeatureWeight { get; init; } = 3000;

    /// <inheritdoc />
    protected override FeatureObjective Features => new SimilarityPreserving { Layers = Layers };
}
