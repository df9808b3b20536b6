using KdService.Core.Architectures;
using KdService.LibTorch.Extras;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models.Text;

/// <summary>The encoder of BERT, RoBERTa or DistilBERT. Word embeddings <c>[batch, length, hidden]</c> to hidden states of the same shape.</summary>
internal sealed class TextEncoder : Part
{
    private readonly Reading _reading = new();
    private readonly TextEmbeddings _embeddings;
    private readonly EncoderLayer[] _layers;
    private readonly Module<Tensor, Tensor>[] _showWhole;

    /// <summary>Builds an encoder.</summary>
    /// <param name="size">Its size and family.</param>
    /// <param name="vocabulary">Rows of its word embeddings.</param>
    public TextEncoder(Transformer size, int vocabulary) : base(nameof(TextEncoder))
    {
        Size = size;
        _embeddings = Named(Within(size.Embeddings), new TextEmbeddings(size, vocabulary, _reading));
        _layers = [.. Enumerable.Range(0, size.Layers).Select(layer => Named(Within(size.Layer(layer)), new EncoderLayer(size, _reading)))];
        _showWhole = [this, _layers[^1], .. _layers[^1].modules().OfType<Module<Tensor, Tensor>>()];
    }

    /// <summary>Its size and family.</summary>
    public Transformer Size { get; }

    /// <summary>Embeddings of words, <c>[vocabulary, hidden]</c>.</summary>
    public Parameter Words => _embeddings.Words;

    /// <summary><c>[batch, 1, 1, length]</c>: what is added at padding of the texts read last; null where nothing was padding.</summary>
    public Tensor? Mask => _reading.Mask;

    /// <summary>Hidden states of the last layer, <c>[batch, length, hidden]</c>.</summary>
    /// <param name="tokens"><c>[batch, 2, length]</c>.</param>
    /// <param name="words">Embeddings <c>[batch, length, hidden]</c> that stand for those of the words; null for them themselves.</param>
    /// <param name="firstOnly">
    /// Whether the first token's is all that is wanted: then the last layer does not compute the others, unless somebody watches it, and
    /// they may be missing, <c>[batch, 1, hidden]</c>.
    /// </param>
    /// <exception cref="ArgumentException">A tensor is of another shape, or the texts are too long.</exception>
    public Tensor Read(Tensor tokens, Tensor? words = null, bool firstOnly = false)
    {
        using var scope = NewDisposeScope();
        _layers[^1].FirstOnly = firstOnly && !_showWhole.Any(module => module.IsWatched());
        _reading.Open(tokens, Size, Words.dtype);
        if (words is not null && !words.shape.SequenceEqual([tokens.size(0), tokens.size(2), Size.Hidden]))
            throw new ArgumentException($"words: [{string.Join(", ", words.shape)}] given; [{tokens.size(0)}, {tokens.size(2)}, {Size.Hidden}] is right", nameof(words));
        _reading.Mask?.MoveToOuterDisposeScope();
        return call(words ?? _embeddings.LookUp()).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor words)
    {
        using var scope = NewDisposeScope();
        var hidden = _embeddings.call(words);
        foreach (var layer in _layers) hidden = layer.call(hidden);
        return hidden.MoveToOuterDisposeScope();
    }

    /// <summary>Draws the weights of a network as the originals are drawn: normal with a deviation of 0.02, no biases, no word for padding.</summary>
    public static void Draw(Part network, TextEncoder encoder)
    {
        using var unrecorded = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, weight) in network.named_parameters())
        {
            if (name.EndsWith("bias", StringComparison.Ordinal)) init.zeros_(weight);
            else if (weight.dim() == 2) init.normal_(weight, 0, 0.02);
        }
        encoder.Words.select(0, encoder.Size.PaddingToken).zero_();
    }

    private string Within(string path) => path[(Size.Encoder.Length + 1)..];
}
