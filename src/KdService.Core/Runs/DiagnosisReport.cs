namespace KdService.Core.Runs;

/// <summary>
/// What a teacher's signal is made of, after Tang et al. (2020, arXiv 2002.03532): what it does to the gradient of each training
/// sample, what it says of the relations between classes, and how sure it is. The artifact <see cref="FileName"/>; <see cref="ChartName"/> shows it.
/// </summary>
public sealed record DiagnosisReport
{
    /// <summary>The artifact's name.</summary>
    public const string FileName = "diagnosis.json";

    /// <summary>The name of the artifact with its pictures.</summary>
    public const string ChartName = "diagnosis.svg";

    /// <summary>Training samples that were looked at, without augmentation.</summary>
    public required int Samples { get; init; }

    /// <summary>Weight of the divergence for which gradients were compared: that of the job's own loss where it has one.</summary>
    public required double Alpha { get; init; }

    /// <summary>Its temperature.</summary>
    public required double Temperature { get; init; }

    /// <summary>Whether the divergence is multiplied by the square of the temperature.</summary>
    public required bool TemperatureSquared { get; init; }

    /// <summary>
    /// The factor by which the teacher rescales each sample's gradient on its true class:
    /// <c>w = (1 - alpha) + alpha/T (p~_t - q~_t) / (1 - q_t)</c>, with <c>alpha T</c> in place of <c>alpha/T</c> where the square is multiplied in.
    /// </summary>
    public required Distribution Rescaling { get; init; }

    /// <summary>Correlation of that factor with the teacher's probability of the true class; null where one of them does not vary.</summary>
    public required double? RescalingFollowsConfidence { get; init; }

    /// <summary>The teacher's probability of the true class.</summary>
    public required Distribution TeacherConfidence { get; init; }

    /// <summary>The student's probability of the true class.</summary>
    public required Distribution StudentConfidence { get; init; }

    /// <summary>How teacher and student see the relations between classes.</summary>
    public required ClassRelations Relations { get; init; }

    /// <summary>Reasons why this teacher has little to give, by the two failure cases of the paper; empty if there are none.</summary>
    public required IReadOnlyList<string> Findings { get; init; }
}

/// <summary>A value over samples.</summary>
/// <param name="Mean">Its mean.</param>
/// <param name="Deviation">Its standard deviation.</param>
/// <param name="Quantiles">At 0, 5, 25, 50, 75, 95 and 100 %.</param>
/// <param name="Edges">Edges of the histogram's bins, one more than counts.</param>
/// <param name="Counts">Samples in each bin; the outer bins take what lies beyond.</param>
public sealed record Distribution(double Mean, double Deviation, IReadOnlyList<double> Quantiles, IReadOnlyList<double> Edges, IReadOnlyList<int> Counts);

/// <summary>Relations between classes, each a matrix <c>[classes, classes]</c>.</summary>
public sealed record ClassRelations
{
    /// <summary>Cosines between the rows of the teacher's last linear layer.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> TeacherWeights { get; init; }

    /// <summary>Cosines between the rows of the student's last linear layer.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> StudentWeights { get; init; }

    /// <summary>Mean of the teacher's probabilities over the samples of each true class, a row each.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> TeacherProbabilities { get; init; }

    /// <summary>Mean of the student's probabilities over the samples of each true class, a row each.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> StudentProbabilities { get; init; }

    /// <summary>Correlation of the two weight matrices off the diagonal; null where one of them does not vary.</summary>
    public required double? WeightsAgree { get; init; }

    /// <summary>Correlation of the two probability matrices off the diagonal; null where one of them does not vary.</summary>
    public required double? ProbabilitiesAgree { get; init; }

    /// <summary>
    /// How evenly the teacher spreads what it gives to wrong classes: entropy of a sample's wrong-class probabilities over its greatest
    /// value log(K-1), mean over samples; 1 says nothing of which classes are alike.
    /// </summary>
    public required double TeacherEvenness { get; init; }
}
