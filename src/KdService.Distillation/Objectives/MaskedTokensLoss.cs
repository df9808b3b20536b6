using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>Devlin et al. (2019, arXiv:1810.04805): cross-entropy of the hidden tokens, mean over those of the batch; nothing where none is hidden.</summary>
internal sealed class MaskedTokensLoss : IObjective
{
    /// <inheritdoc />
    public Tensor Loss(TrainingBatch batch)
    {
        using var scope = NewDisposeScope();
        var sum = nn.functional.nll_loss(batch.Logits.to(float32).log_softmax(1), batch.Labels, reduction: nn.Reduction.Sum);
        return (sum / Math.Max(1, batch.Labels.size(0))).MoveToOuterDisposeScope();
    }
}
