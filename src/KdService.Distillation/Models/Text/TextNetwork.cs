using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Plans;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdService.Distillation.Models.Text;

/// <summary>
/// A network that reads texts: an encoder and a head. It maps tokens <c>[batch, 2, length]</c> of type Int64 (ids with -1 at
/// padding, which is at the end; segments with 0 there) to logits: <c>[batch, classes]</c> for classes, <c>[batch, 1]</c> for a value,
/// <c>[batch, 2, length]</c> for a span, with a large negative number at padding. Names of weights are Hugging Face's.
/// </summary>
public abstract class TextNetwork : Part
{
    private protected TextNetwork(string name, Transformer size, int vocabulary) : base(name) =>
        Encoder = Named(size.Encoder, new TextEncoder(size, vocabulary));

    /// <summary>Its size and family.</summary>
    public Transformer Size => Encoder.Size;

    /// <summary>The type that it multiplies in; logits are float in any.</summary>
    public Precision Precision { get; set; }

    /// <summary>Embeddings of words, <c>[vocabulary, hidden]</c>.</summary>
    public Parameter Words => Encoder.Words;

    /// <summary>The embeddings of a text's words, <c>[batch, length, hidden]</c>; what stands at padding is read by no one.</summary>
    /// <param name="tokens">Tokens <c>[batch, 2, length]</c>.</param>
    public Tensor WordsOf(Tensor tokens)
    {
        using var scope = NewDisposeScope();
        var ids = tokens.select(1, 0);
        return Words.index_select(0, ids.clamp(min: 0).flatten()).view(ids.size(0), ids.size(1), -1).MoveToOuterDisposeScope();
    }

    private protected TextEncoder Encoder { get; }

    /// <summary>Builds a network with weights drawn as the originals'.</summary>
    /// <param name="size">Its size and family.</param>
    /// <param name="shape">The texts, and what is predicted of them.</param>
    public static TextNetwork Create(Transformer size, DataShape shape) =>
        shape.Target == Target.Span ? new SpanFinder(size, shape.Vocabulary) : new TextClassifier(size, shape.Vocabulary, shape.Classes);

    /// <inheritdoc />
    public sealed override Tensor forward(Tensor tokens) => Run(tokens, null);

    /// <summary>The same forward pass, with the graph, from embeddings instead of words: positions and segments are added to them.</summary>
    /// <param name="words">Embeddings <c>[batch, length, hidden]</c>.</param>
    /// <param name="tokens">Tokens <c>[batch, 2, length]</c>, for their padding and segments.</param>
    /// <exception cref="ArgumentException">A tensor is of another shape, or the texts are too long.</exception>
    public Tensor FromWords(Tensor words, Tensor tokens) => Run(tokens, words);

    /// <summary>Whether <see cref="Head"/> looks at the first token's hidden state only.</summary>
    private protected abstract bool ReadsFirstOnly { get; }

    /// <summary>Logits of the encoder's last hidden states <c>[batch, length, hidden]</c>, or of the first token's, <c>[batch, 1, hidden]</c>.</summary>
    private protected abstract Tensor Head(Tensor hidden);

    private Tensor Run(Tensor tokens, Tensor? words)
    {
        using var scope = NewDisposeScope();
        using var _ = Precision.Open(Words.device);
        return Head(Encoder.Read(tokens, words, ReadsFirstOnly)).InFull().MoveToOuterDisposeScope();
    }
}
