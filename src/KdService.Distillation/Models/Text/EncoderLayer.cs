using KdService.Core.Architectures;
using KdService.LibTorch.Extras;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models.Text;

/// <summary>
/// A layer of a transformer's encoder (Vaswani et al. 2017, arXiv:1706.03762, with normalisation behind each sum): attention of
/// every token to every other, then two linear layers. Hidden states <c>[batch, length, hidden]</c> to the same, or to that of the first
/// token alone, <c>[batch, 1, hidden]</c>.
/// </summary>
internal sealed class EncoderLayer : Part
{
    private readonly Transformer _size;
    private readonly Reading _reading;
    private readonly Linear _query, _key, _value, _attended, _widen, _narrow;
    private readonly LayerNorm _attentionNorm, _outputNorm;
    private readonly Identity _scores = Identity();
    private readonly Dropout _attentionDropout = Dropout(Transformer.DropoutRate);
    private readonly Dropout _hiddenDropout = Dropout(Transformer.DropoutRate);

    public EncoderLayer(Transformer size, Reading reading) : base(nameof(EncoderLayer))
    {
        (_size, _reading) = (size, reading);
        var (hidden, inner) = (size.Hidden, size.Inner);
        if (size.Family == TransformerFamily.DistilBert)
        {
            _query = Named("attention.q_lin", Linear(hidden, hidden));
            _key = Named("attention.k_lin", Linear(hidden, hidden));
            _value = Named("attention.v_lin", Linear(hidden, hidden));
            _attended = Named("attention.out_lin", Linear(hidden, hidden));
            Named("attention.scores", _scores);
            Named("attention.dropout", _attentionDropout);
            _attentionNorm = Named("sa_layer_norm", LayerNorm(hidden, size.NormEpsilon));
            _widen = Named("ffn.lin1", Linear(hidden, inner));
            _narrow = Named("ffn.lin2", Linear(inner, hidden));
            _outputNorm = Named("output_layer_norm", LayerNorm(hidden, size.NormEpsilon));
        }
        else
        {
            _query = Named("attention.self.query", Linear(hidden, hidden));
            _key = Named("attention.self.key", Linear(hidden, hidden));
            _value = Named("attention.self.value", Linear(hidden, hidden));
            Named("attention.self.scores", _scores);
            Named("attention.self.dropout", _attentionDropout);
            _attended = Named("attention.output.dense", Linear(hidden, hidden));
            _attentionNorm = Named("attention.output.LayerNorm", LayerNorm(hidden, size.NormEpsilon));
            _widen = Named("intermediate.dense", Linear(hidden, inner));
            _narrow = Named("output.dense", Linear(inner, hidden));
            _outputNorm = Named("output.LayerNorm", LayerNorm(hidden, size.NormEpsilon));
        }
        Named("dropout", _hiddenDropout);
    }

    /// <summary>Compute the hidden state of the first token only, which reads those of all.</summary>
    public bool FirstOnly { get; set; }

    /// <inheritdoc />
    public override Tensor forward(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var readers = FirstOnly ? hidden.narrow(1, 0, 1).contiguous() : hidden;
        // Sums and their norms are float also where products are not.
        var attended = _attentionNorm.call(_hiddenDropout.DropThenAdd(_attended.call(Attend(readers, hidden)).InFull(), readers));
        var inner = functional.gelu(_widen.call(attended));
        return _outputNorm.call(_hiddenDropout.DropThenAdd(_narrow.call(inner).InFull(), attended)).MoveToOuterDisposeScope();
    }

    // What the heads of the readers read of the values, side by side: [batch, readers, hidden].
    private Tensor Attend(Tensor readers, Tensor hidden)
    {
        var (batch, reading, length, heads) = (hidden.size(0), readers.size(1), hidden.size(1), _size.Heads);
        var query = Split(_query.call(readers)).mul_(1 / Math.Sqrt(Transformer.HeadWidth));
        var key = Split(_key.call(hidden)).transpose(1, 2);
        var scores = _reading.Mask is { } mask
            ? mask.expand(batch, heads, 1, length).reshape(batch * heads, 1, length).baddbmm(query, key)
            : query.bmm(key);
        scores = _scores.call(scores.view(batch, heads, reading, length));
        var weights = _attentionDropout.Drop(scores.InFull().softmax(-1)).view(batch * heads, reading, length);
        return weights.bmm(Split(_value.call(hidden))).view(batch, heads, reading, Transformer.HeadWidth).transpose(1, 2).reshape(batch, reading, _size.Hidden);

        // [batch * heads, tokens, width of a head]
        Tensor Split(Tensor states) => states.view(batch, -1, heads, Transformer.HeadWidth).transpose(1, 2).reshape(batch * heads, -1, Transformer.HeadWidth);
    }
}
