using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>
/// Devlin et al. (2019, arXiv:1810.04805): tokens are hidden behind the mask, and a masked language model has to guess them. It learns from
/// the texts alone, and trains generators only.
/// </summary>
[Case("masked_tokens", "Has a generator guess tokens that are hidden behind the mask: cross-entropy, mean over the hidden tokens of the batch. Trains generators only.")]
public sealed record MaskedTokens : Objective
{
    /// <summary>The part of the tokens that is hidden.</summary>
    [Field("The part of the tokens that is hidden, special ones never; each behind the mask.", Min = 0, ExclusiveMin = true, Max = 1, Evidence = "ours: as generators see texts in masked_generator; BERT hides 0.15 [recalled, unverified]")]
    public double MaskProbability { get; init; } = 0.3;

    /// <inheritdoc />
    public override bool NeedsTeacher => false;

    /// <inheritdoc />
    public override bool FitsValues => true;
}
