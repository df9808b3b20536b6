using KdService.Core.Architectures;
using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>
/// Sun et al. (2019), Patient KD: <c>mean((h_S/|h_S| - h_T/|h_T|)^2)</c> of the first token's states behind layers in between, the mean
/// over batch, layers and width. The last layer is left out, as its state becomes the logits.
/// </summary>
[Case("pkd", "Patient KD: squared difference between the first token's states, at unit length, behind the layers before the last.")]
public sealed record PatientStates : LayerObjective
{
    /// <inheritdoc />
    protected override IReadOnlyList<FeatureKind> Takes => [FeatureKind.States];

    /// <inheritdoc />
    protected override int Learning(int layers) => layers - 1;

    /// <inheritdoc />
    protected override IEnumerable<(Tap Student, Tap Teacher)> UsualLayers(IReadOnlyList<Tap> student, IReadOnlyList<Tap> teacher) =>
        Mapped([.. student.Where(tap => tap.EndsStage)], [.. teacher.Where(tap => tap.EndsStage)]);

    /// <inheritdoc />
    protected override string? Mismatch(Tap student, Tap teacher) => student.Shape[1] == teacher.Shape[1] ? null : "states of the same width can be compared";
}
