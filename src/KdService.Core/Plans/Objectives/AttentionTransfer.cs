using KdService.Core.Architectures;
using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>
/// Zagoruyko and Komodakis (2017): <c>mean((A(F_S) - A(F_T))^2)</c>, the attention map <c>A(F) = vec(mean_c F^p)</c> at unit length. The
/// larger map is pooled to the size of the smaller.
/// </summary>
[Case("at", "Attention transfer: squared difference between attention maps, the mean over channels of the maps to a power.")]
public sealed record AttentionTransfer : FeatureObjective
{
    /// <summary>The power p.</summary>
    [Field("The power that maps are raised to before the mean over channels.", Min = 1, Max = 10)]
    public int Power { get; init; } = 2;

    /// <inheritdoc />
    protected override IReadOnlyList<FeatureKind> Takes => [FeatureKind.Map];

    /// <inheritdoc />
    protected override IEnumerable<(Tap Student, Tap Teacher)> UsualLayers(IReadOnlyList<Tap> student, IReadOnlyList<Tap> teacher) =>
        Stages(student, teacher);
}
