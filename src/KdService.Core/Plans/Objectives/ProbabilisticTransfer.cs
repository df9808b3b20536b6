using KdService.Core.Architectures;
using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>
/// Passalis and Tefas (2018): mean over the batch's pairs of <c>p_T log(p_T / p_S)</c>, p the cosine similarities moved to 0..1 and
/// divided by their sum over a row.
/// </summary>
[Case("pkt", "Probabilistic transfer: divergence between the similarities of the batch's samples, as probabilities.")]
public sealed record ProbabilisticTransfer : FeatureObjective
{
    /// <inheritdoc />
    protected override IReadOnlyList<FeatureKind> Takes => Enum.GetValues<FeatureKind>();

    /// <inheritdoc />
    protected override IEnumerable<(Tap Student, Tap Teacher)> UsualLayers(IReadOnlyList<Tap> student, IReadOnlyList<Tap> teacher) =>
        [Embeddings(student, teacher)];
}
