using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>
/// Tung and Mori (2019, arXiv 1907.09682): <c>||G_T - G_S||_F^2 / batch^2</c>, <c>G = F F^T</c> of flattened features, rows at unit length.
/// </summary>
internal sealed class SimilarityPreservingLoss(ObjectiveContext context) : FeatureLoss(context)
{
    /// <inheritdoc />
    protected override Tensor Loss(IReadOnlyList<(Tensor Student, Tensor Teacher)> pairs, TrainingBatch batch) =>
        Sum(pairs.Select(pair => (Similarities(pair.Teacher) - Similarities(pair.Student)).pow(2).mean())); // mean over batch * batch

    private static Tensor Similarities(Tensor features)
    {
        var vectors = features.flatten(1); // [batch, features]
        return Unit(vectors.mm(vectors.t()), 1); // [batch, batch]
    }
}
