using KdService.Core.Architectures;
using KdService.Core.Plans;
using KdService.Core.Weights;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models.Text;

/// <summary>
/// Predicts the word at every position, as each family's <c>ForMaskedLM</c> does: tokens <c>[batch, 2, length]</c>, as a
/// <see cref="TextNetwork"/> takes them, to logits <c>[batch, length, vocabulary]</c>. The weight of the last layer is the word embeddings.
/// </summary>
public sealed class MaskedLanguageModel : Part
{
    private readonly TextEncoder _encoder;
    private readonly Linear _dense;
    private readonly LayerNorm _norm;
    private readonly Parameter _bias;

    /// <summary>Builds a network with weights drawn as the originals'.</summary>
    /// <param name="size">Its size and family.</param>
    /// <param name="vocabulary">Entries of the vocabulary.</param>
    public MaskedLanguageModel(Transformer size, int vocabulary) : base(nameof(MaskedLanguageModel))
    {
        _encoder = Named(size.Encoder, new TextEncoder(size, vocabulary));
        var (dense, norm, words) = TransformerWeights.GuesserOf(size.Family);
        _dense = Named(dense, Linear(size.Hidden, size.Hidden));
        _norm = Named(norm, LayerNorm(size.Hidden, size.NormEpsilon));
        _bias = Parameter(zeros(vocabulary));
        Holding(words).register_parameter("bias", _bias);
        TextEncoder.Draw(this, _encoder);
    }

    /// <summary>Its size and family.</summary>
    public Transformer Size => _encoder.Size;

    /// <summary>The type that it multiplies in; logits are float in any.</summary>
    public Precision Precision { get; set; }

    /// <summary>Embeddings of words, <c>[vocabulary, hidden]</c>.</summary>
    public Parameter Words => _encoder.Words;

    /// <inheritdoc />
    public override Tensor forward(Tensor tokens)
    {
        using var scope = NewDisposeScope();
        using var _ = Precision.Open(Words.device);
        return Predict(_encoder.Read(tokens)).MoveToOuterDisposeScope();
    }

    /// <summary>Predictions at some positions only, <c>[positions, vocabulary]</c>: a vocabulary is long, and few tokens are hidden.</summary>
    /// <param name="tokens">Tokens <c>[batch, 2, length]</c>.</param>
    /// <param name="where">Whether a position counts, bool <c>[batch, length]</c>; those that do come text by text.</param>
    public Tensor At(Tensor tokens, Tensor where)
    {
        using var scope = NewDisposeScope();
        using var _ = Precision.Open(Words.device);
        return Predict(_encoder.Read(tokens)[where]).MoveToOuterDisposeScope();
    }

    private Tensor Predict(Tensor hidden) => functional.linear(_norm.call(functional.gelu(_dense.call(hidden)).InFull()), Words, _bias).InFull();
}
