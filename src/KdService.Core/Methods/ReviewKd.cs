using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Methods;

/// <summary>Chen et al. (2021): all stages of the student, reviewed together, against the teacher's, beside the labels.</summary>
[Method("reviewkd", "ReviewKD", "Fuses the student's stages from the last to the first and matches each with the teacher's, beside the labels.",
    Paper = "Chen et al.: Distilling Knowledge via Knowledge Review, CVPR 2021, arXiv 2104.09044",
    Evidence = "[read: mdistiller] fusion, pyramid loss, warm-up, weights and layers: the student's stages as they leave it, the teacher's before their last ReLU, and both embeddings. MobileNetV2 and the plain CNNs as teachers, which mdistiller does not have, give their stages as they are")]
public sealed record ReviewKd : FeatureMethod
{
    /// <inheritdoc />
    [Field("Weight of the pyramid loss.", Min = 0, ExclusiveMin = true, Max = 10_000_000, Evidence = "[read: mdistiller]; 5 for resnet32x4 to resnet8x4")]
    public override double FeatureWeight { get; init; } = 1;

    /// <summary>Epochs over which the weight of the pyramid loss rises.</summary>
    [Field("Epochs over which the weight of the pyramid loss rises evenly; when left out a twelfth of the epochs, at most 20.", Min = 0, Max = 100_000, Evidence = "[read: mdistiller] 20 of 240 epochs")]
    public int? WarmupEpochs { get; init; }

    /// <inheritdoc />
    protected override FeatureObjective Features => new KnowledgeReview { Layers = Layers };

    /// <inheritdoc />
    public override void Validate(JobSpec spec, ProblemList problems)
    {
        base.Validate(spec, problems);
        Warmup.Check(WarmupEpochs, spec, problems);
    }

    /// <inheritdoc />
    protected override int FeatureWarmup(int epochs) => Warmup.Of(WarmupEpochs, epochs);
}
