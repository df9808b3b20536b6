using KdService.Core.Architectures;
using KdService.LibTorch.Extras;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models.Text;

/// <summary>
/// What an encoder begins with: the embeddings of words, positions and segments, added up, normalised. It maps word embeddings
/// <c>[batch, length, hidden]</c> to hidden states of the same shape, so that they need not be those of one word each.
/// </summary>
internal sealed class TextEmbeddings : Part
{
    private readonly Transformer _size;
    private readonly Reading _reading;
    private readonly Embedding _words;
    private readonly Embedding _positions;
    private readonly Embedding? _segments;
    private readonly LayerNorm _norm;
    private readonly Dropout _dropout = Dropout(Transformer.DropoutRate);

    public TextEmbeddings(Transformer size, int vocabulary, Reading reading) : base(nameof(TextEmbeddings))
    {
        (_size, _reading) = (size, reading);
        _words = Named("word_embeddings", Embedding(vocabulary, size.Hidden, size.PaddingToken));
        _positions = Named("position_embeddings", Embedding(size.Positions, size.Hidden));
        if (size.Segments > 0) _segments = Named("token_type_embeddings", Embedding(size.Segments, size.Hidden));
        _norm = Named("LayerNorm", LayerNorm(size.Hidden, size.NormEpsilon));
        Named("dropout", _dropout);
    }

    /// <summary>Embeddings of words, <c>[vocabulary, hidden]</c>.</summary>
    public Parameter Words => _words.weight;

    /// <summary>The embeddings of the words that are being read, <c>[batch, length, hidden]</c>.</summary>
    public Tensor LookUp() => _words.call(_reading.Ids);

    /// <inheritdoc />
    public override Tensor forward(Tensor words)
    {
        using var scope = NewDisposeScope();
        // Padding is at the end, so that every text's first token is at the first position.
        var sum = words + _positions.weight.narrow(0, _size.FirstPosition, words.size(1));
        if (_reading.Segments is { } segments) sum.add_(_segments!.call(segments));
        else if (_segments is not null) sum.add_(_segments.weight);
        return _dropout.Drop(_norm.call(sum)).MoveToOuterDisposeScope();
    }
}
