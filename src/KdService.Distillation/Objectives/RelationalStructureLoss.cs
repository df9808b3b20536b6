using KdService.Core.Plans;
using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>
/// Park et al. (2019, arXiv 1904.05068): smooth L1 between the batch's pairwise distances, each network's divided by their mean, and
/// between the cosines of the angles of its triples; mean over pairs, mean over triples.
/// </summary>
internal sealed class RelationalStructureLoss(RelationalStructure options, ObjectiveContext context) : FeatureLoss(context)
{
    // Squared distance up to which two samples coincide.
    private const double Coincident = 1e-12;

    /// <inheritdoc />
    protected override Tensor Loss(IReadOnlyList<(Tensor Student, Tensor Teacher)> pairs, TrainingBatch batch) => Sum(pairs.Select(pair =>
    {
        var (student, teacher) = (Differences(pair.Student), Differences(pair.Teacher));
        return options.DistanceWeight * nn.functional.smooth_l1_loss(Distances(student), Distances(teacher))
            + options.AngleWeight * nn.functional.smooth_l1_loss(Angles(student), Angles(teacher));
    }));

    // [batch, batch, features]
    private static Tensor Differences(Tensor features)
    {
        var vectors = features.flatten(1);
        return vectors.unsqueeze(0) - vectors.unsqueeze(1);
    }

    // [batch, batch]. Samples that coincide, each with itself to begin with, have distance 0, no part in the mean and no gradient,
    // which for the root would be infinite.
    private static Tensor Distances(Tensor differences)
    {
        var squares = differences.pow(2).sum([2]);
        var coincident = squares.le(Coincident);
        var distances = squares.masked_fill(coincident, 1).sqrt().masked_fill(coincident, 0);
        var mean = distances.sum() / coincident.logical_not().sum().clamp_min(1);
        return distances / mean.clamp_min(Math.Sqrt(Coincident));
    }

    // Cosines [batch, batch, batch] of the angles at the first sample.
    private static Tensor Angles(Tensor differences)
    {
        var directions = Unit(differences, 2);
        return directions.bmm(directions.transpose(1, 2));
    }
}
