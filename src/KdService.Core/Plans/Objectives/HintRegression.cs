using KdService.Core.Architectures;
using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>
/// Romero et al. (2015), as RepDistiller has it: <c>mean((r(F_S) - F_T)^2)</c>, <c>r</c> a learned convolution with batch norm and ReLU
/// from the student's map to the shape of the teacher's.
/// </summary>
[Case("fitnet", "FitNet's hints: squared difference between the teacher's map and a learned convolution of the student's.")]
public sealed record HintRegression : FeatureObjective
{
    /// <inheritdoc />
    protected override IReadOnlyList<FeatureKind> Takes => [FeatureKind.Map];

    /// <inheritdoc />
    protected override IEnumerable<(Tap Student, Tap Teacher)> UsualLayers(IReadOnlyList<Tap> student, IReadOnlyList<Tap> teacher) =>
        Stages(student, teacher).Skip(1).Take(1);

    /// <inheritdoc />
    /// <remarks>A convolution from map to map with its bias, and a batch norm.</remarks>
    public override ObjectiveSize SizeOf(IReadOnlyList<(Tap Student, Tap Teacher)> pairs, int trainSamples, int batchSize) =>
        new(Parameters: pairs.Sum(pair => RegressorSize(pair.Student, pair.Teacher)), Values: 0);

    /// <inheritdoc />
    protected override string? Mismatch(Tap student, Tap teacher)
    {
        // Maps are square.
        var (from, to) = (student.Shape[1], teacher.Shape[1]);
        return from >= to || 2 * from == to ? null : "a convolution leads to maps of the same or of a smaller size, or of twice the size";
    }

    private static long RegressorSize(Tap student, Tap teacher)
    {
        var (from, to) = (student.Shape[1], teacher.Shape[1]);
        var kernel = from == 2 * to ? 3 : 2 * from == to ? 4 : 1 + from - to;
        return (long)student.Shape[0] * teacher.Shape[0] * kernel * kernel + 3L * teacher.Shape[0];
    }
}
