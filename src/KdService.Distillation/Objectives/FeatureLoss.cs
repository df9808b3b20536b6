using KdService.Core.Architectures;
using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>A loss on pairs of features, in single precision.</summary>
internal abstract class FeatureLoss(ObjectiveContext context) : IObjective
{
    /// <inheritdoc />
    public virtual nn.Module? Learned => null;

    /// <inheritdoc />
    public Tensor Loss(TrainingBatch batch)
    {
        using var scope = NewDisposeScope();
        var pairs = context.Taps.Select(pair => (Read(batch.Features, pair.Student, batch.Padding), Read(batch.TeacherFeatures, pair.Teacher, batch.Padding))).ToList();
        return Loss(pairs, batch).MoveToOuterDisposeScope();
    }

    /// <summary>The loss, a float scalar; what it leaves behind belongs to the caller's dispose scope.</summary>
    /// <param name="pairs">The features <c>[batch, ...]</c> of the context's taps.</param>
    /// <param name="batch">All else.</param>
    protected abstract Tensor Loss(IReadOnlyList<(Tensor Student, Tensor Teacher)> pairs, TrainingBatch batch);

    /// <summary>Where texts have tokens, float <c>[batch, length]</c> of 1 and 0; 1 everywhere where nothing is padding.</summary>
    protected static Tensor TokensOf(TrainingBatch batch, long length) =>
        batch.Padding is { } padding ? padding.logical_not().to(float32) : ones(batch.Labels.size(0), length, device: batch.Labels.device);

    /// <summary>The sum of losses of pairs.</summary>
    protected static Tensor Sum(IEnumerable<Tensor> losses) => losses.Aggregate((sum, loss) => sum + loss);

    /// <summary>A loss of 0 that changes nothing.</summary>
    protected static Tensor Nothing(IReadOnlyList<(Tensor Student, Tensor Teacher)> pairs) => 0 * pairs[0].Student.sum();

    /// <summary>Vectors along a dimension at unit length: divided by their length plus <paramref name="eps"/>.</summary>
    /// <remarks>Vectors of no length stay as they are, and pass gradients as they are: dividing by next to nothing would blow them up.</remarks>
    public static Tensor Unit(Tensor vectors, long dim, double eps = 0)
    {
        var squares = vectors.pow(2).sum([dim], keepdim: true);
        var length = squares.masked_fill(squares.le(1e-24), 1).sqrt();
        return vectors / (eps == 0 ? length : length + eps);
    }

    // A feature in single precision; 0 at padding, so that nothing is learnt from it there.
    private static Tensor Read(IReadOnlyDictionary<string, Tensor> features, Tap tap, Tensor? padding)
    {
        var feature = features[tap.Name].to(float32);
        return (tap.Kind, padding) switch
        {
            (FeatureKind.States, not null) => feature.masked_fill(padding.unsqueeze(2), 0),
            (FeatureKind.Scores, not null) => feature.masked_fill(padding.unsqueeze(1).unsqueeze(2) | padding.unsqueeze(1).unsqueeze(3), 0),
            _ => feature,
        };
    }
}
