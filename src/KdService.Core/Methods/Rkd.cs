using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>Park et al. (2019): distances and angles within the batch beside the labels.</summary>
[Method("rkd", "Relational KD", "Matches distances and angles between the embeddings of the batch, beside the labels.",
    Paper = "Park et al.: Relational Knowledge Distillation, CVPR 2019, arXiv 1904.05068",
    Evidence = "[read: RepDistiller, mdistiller]; pairs that coincide count neither in the mean distance nor in gradients, which is ours")]
public sealed record Rkd : FeatureMethod
{
    /// <inheritdoc />
    [Field("Weight of the distances and angles together.", Min = 0, ExclusiveMin = true, Max = 10_000_000, Evidence = "[read: RepDistiller, mdistiller]")]
    public override double FeatureWeight { get; init; } = 1;

    /// <summary>Weight of the distances.</summary>
    [Field("Weight of the distances.", Min = 0, Max = 1_000_000, Evidence = "[read: RepDistiller, mdistiller]")]
    public double DistanceWeight { get; init; } = 25;

    /// <summary>Weight of the angles.</summary>
    [Field("Weight of the angles.", Min = 0, Max = 1_000_000, Evidence = "[read: RepDistiller, mdistiller]")]
    public double AngleWeight { get; init; } = 50;

    /// <inheritdoc />
    protected override FeatureObjective Features => new RelationalStructure { Layers = Layers, DistanceWeight = DistanceWeight, AngleWeight = AngleWeight };
}
