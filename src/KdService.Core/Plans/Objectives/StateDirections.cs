using KdService.Core.Architectures;
using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>Sanh et al. (2019), DistilBERT: <c>1 - cos(h_S, h_T)</c> of the last layer's states, the mean over tokens, without padding.</summary>
[Case("hidden_cosine", "DistilBERT's cosine loss: one minus the cosine between both networks' last states, of tokens that are no padding.")]
public sealed record StateDirections : FeatureObjective
{
    /// <inheritdoc />
    protected override IReadOnlyList<FeatureKind> Takes => [FeatureKind.States];

    /// <inheritdoc />
    protected override string UsualPlace(string pointer) => pointer;

    /// <inheritdoc />
    protected override IEnumerable<(Tap Student, Tap Teacher)> UsualLayers(IReadOnlyList<Tap> student, IReadOnlyList<Tap> teacher) =>
        Stages(student, teacher).TakeLast(1);

    /// <inheritdoc />
    protected override string? Mismatch(Tap student, Tap teacher) => student.Shape[1] == teacher.Shape[1] ? null : "states of the same width have an angle";
}
