using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>Cross-entropy with the labels, mean over the batch.</summary>
[Case("cross_entropy", "Cross-entropy with the labels, mean over the batch.")]
public sealed record CrossEntropy : Objective
{
    /// <summary>Mass spread evenly over all classes.</summary>
    [Field("Mass of the target that is spread evenly over all classes.", Min = 0, Max = 0.999)]
    public double LabelSmoothing { get; init; }

    /// <inheritdoc />
    public override bool NeedsTeacher => false;

    /// <inheritdoc />
    public override bool FitsValues => LabelSmoothing == 0;

    /// <inheritdoc />
    public override bool FitsSpans => true;
}
