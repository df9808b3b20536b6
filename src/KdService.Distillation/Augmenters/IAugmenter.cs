using static TorchSharp.torch;

namespace KdService.Distillation.Augmenters;

/// <summary>Makes auxiliary samples from a batch and a loss of the student on them.</summary>
internal interface IAugmenter : IDisposable
{
    /// <summary>
    /// Adds the gradients of the weighted loss on the auxiliary samples to the student's; its running statistics are as before.
    /// </summary>
    /// <param name="inputs">The batch <c>[batch, ...]</c>.</param>
    /// <param name="samples">Which samples these are: their places among the training samples, int64 <c>[batch]</c>.</param>
    /// <param name="epoch">Epoch of the stage, from 0.</param>
    /// <param name="logitFactor">The curriculum's factor on the teacher's logits.</param>
    /// <returns>The weighted loss, a float scalar without a graph.</returns>
    Tensor Learn(Tensor inputs, Tensor samples, int epoch, double logitFactor);

    /// <summary>Whether a batch is for a network of the augmenter's own: no other network learns from it.</summary>
    /// <param name="batch">Batches of the stage before it.</param>
    bool Claims(long batch) => false;

    /// <summary>Trains the augmenter's own network on a batch that it claims.</summary>
    /// <param name="inputs">The batch <c>[batch, ...]</c>.</param>
    void Train(Tensor inputs) => throw new NotSupportedException("the augmenter trains no network");

    /// <summary>Series of its own, each the mean since the last call, which it closes.</summary>
    IReadOnlyDictionary<string, double> TakeSeries() => new Dictionary<string, double>();

    /// <summary>What a resume checkpoint has to carry; the tensors are the augmenter's own.</summary>
    IReadOnlyDictionary<string, Tensor> State { get; }

    /// <summary>Takes up where a checkpoint was.</summary>
    void Restore(IReadOnlyDictionary<string, Tensor> saved);
}
