using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Text.Tokenizers;
using static TorchSharp.torch;

namespace KdService.Distillation.Data;

/// <summary>Hides tokens of texts behind the vocabulary's mask. Padding and special tokens are never hidden.</summary>
internal sealed class TokenMasking : IDisposable
{
    private readonly double _probability;
    private readonly int _mask;

    // Whether a token of the vocabulary is special, bool [vocabulary].
    private readonly Tensor _special;

    /// <summary>Hides tokens of a vocabulary.</summary>
    /// <param name="tokenizer">Has the vocabulary.</param>
    /// <param name="probability">The part of the tokens that is hidden.</param>
    /// <param name="device">Where the texts are.</param>
    public TokenMasking(Tokenizer tokenizer, double probability, Device device)
    {
        (_probability, _mask) = (probability, tokenizer.MaskId);
        var special = new bool[tokenizer.Vocabulary.Count];
        foreach (var id in tokenizer.SpecialIds) special[id] = true;
        _special = tensor(special, device: device).DetachFromDisposeScope();
    }

    /// <summary>Hides tokens of a data set's texts.</summary>
    /// <exception cref="RunException">The data set has no texts, or its vocabulary cannot be read.</exception>
    public static TokenMasking Of(Dataset dataset, string dataRoot, double probability, Device device) => dataset is TextDataset texts
        ? new TokenMasking(Tokenizers.Of(texts, dataRoot), probability, device)
        : throw new RunException(FailureCode.InvalidPlan, $"dataset: {dataset.Name} given; tokens can be hidden in texts only");

    /// <summary>Tokens that may be hidden, bool <c>[batch, length]</c>.</summary>
    /// <param name="tokens">Texts <c>[batch, 2, length]</c>.</param>
    public Tensor Words(Tensor tokens)
    {
        using var scope = NewDisposeScope();
        var ids = tokens.select(1, 0);
        var special = _special.index_select(0, ids.clamp(min: 0).flatten()).view(ids.shape);
        return ids.ge(0).logical_and(special.logical_not()).MoveToOuterDisposeScope();
    }

    /// <summary>Draws the tokens to hide, each for itself, bool <c>[batch, length]</c>.</summary>
    /// <param name="tokens">Texts <c>[batch, 2, length]</c>.</param>
    /// <param name="random">Where the random numbers come from; null for those that training draws from.</param>
    public Tensor Draw(Tensor tokens, Generator? random = null)
    {
        using var scope = NewDisposeScope();
        long[] shape = [tokens.size(0), tokens.size(2)];
        var chance = random is null ? rand(shape, device: tokens.device) : rand(shape, generator: random).to(tokens.device);
        return chance.lt(_probability).logical_and(Words(tokens)).MoveToOuterDisposeScope();
    }

    /// <summary>The texts with the mask in place of some tokens.</summary>
    /// <param name="tokens">Texts <c>[batch, 2, length]</c>.</param>
    /// <param name="where">Which tokens, bool <c>[batch, length]</c>.</param>
    public Tensor Hide(Tensor tokens, Tensor where)
    {
        using var scope = NewDisposeScope();
        return stack([tokens.select(1, 0).masked_fill(where, _mask), tokens.select(1, 1)], 1).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public void Dispose() => _special.Dispose();
}
