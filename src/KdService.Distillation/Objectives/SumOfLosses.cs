using KdService.Core.Plans;
using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>The weighted sum of a stage's losses.</summary>
/// <param name="terms">The losses with their weights.</param>
public sealed class SumOfLosses(IReadOnlyList<(LossTerm Term, IObjective Objective)> terms) : IDisposable
{
    /// <summary>The modules of the losses that have one, by the place of the loss.</summary>
    public IReadOnlyList<(string Name, nn.Module Module)> Modules { get; } =
        [.. terms.Index().Where(entry => entry.Item.Objective.Learned is not null).Select(entry => ($"{entry.Index}", entry.Item.Objective.Learned!))];

    /// <summary>The sum for a batch, a float scalar.</summary>
    public Tensor Loss(TrainingBatch batch)
    {
        // One loss as it is, the usual case, needs no scaling.
        if (terms is [var (only, objective)] && only.WeightAt(batch.Epoch) == 1) return objective.Loss(batch);
        using var scope = NewDisposeScope();
        var sum = zeros(1, device: batch.Logits.device).squeeze();
        foreach (var (term, loss) in terms)
        {
            var weight = term.WeightAt(batch.Epoch);
            if (weight > 0) sum += weight * loss.Loss(batch);
        }
        return sum.MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var (_, module) in Modules) module.Dispose();
    }
}
