using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>Tian et al. (2020): contrast between the networks' embeddings beside the labels.</summary>
[Method("crd", "Contrastive representation distillation", "Tells each sample's embedding in one network from those of other classes by its embedding in the other, beside the labels.",
    Paper = "Tian, Krishnan, Isola: Contrastive Representation Distillation, ICLR 2020, arXiv 1910.10699",
    Evidence = "[read: RepDistiller] loss, memory and negatives (drawn from other classes without repetition); where a class has too few, RepDistiller repeats some and we take all there are, equally many for every class")]
public sealed record Crd : FeatureMethod
{
    /// <inheritdoc />
    [Field("Weight of the contrast.", Min = 0, ExclusiveMin = true, Max = 10_000_000, Evidence = "[read: RepDistiller, mdistiller]")]
    public override double FeatureWeight { get; init; } = 0.8;

    /// <summary>Length of the embeddings.</summary>
    [Field("Length of the learned embeddings.", Min = 1, Max = 4096, Evidence = "[read: RepDistiller, mdistiller]")]
    public int Dimensions { get; init; } = 128;

    /// <summary>Negatives per sample.</summary>
    [Field("Samples of other classes that each sample is told from; where there are fewer, all of them.", Min = 1, Max = 1_000_000, Evidence = "[read: RepDistiller, mdistiller]")]
    public int Negatives { get; init; } = 16384;

    /// <summary>Temperature of the similarities.</summary>
    [Field("Temperature that divides the similarities.", Min = 0.001, Max = 1000, Evidence = "[read: RepDistiller, mdistiller]")]
    public double Temperature { get; init; } = 0.07;

    /// <summary>Share of the old embedding in what is remembered.</summary>
    [Field("Share that a remembered embedding keeps when its sample is seen again.", Min = 0, Max = 0.999, Evidence = "[read: RepDistiller, mdistiller]")]
    public double Momentum { get; init; } = 0.5;

    /// <inheritdoc />
    protected override FeatureObjective Features => new ContrastiveRepresentation
    {
        Layers = Layers,
        Dimensions = Dimensions,
        Negatives = Negatives,
        Temperature = Temperature,
        Momentum = Momentum,
    };
}
