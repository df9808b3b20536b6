using KdService.Core.Architectures;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models.Text;

/// <summary>
/// A layer of a transformer's encoder (Vaswani et al. 2017, arXiv:1706.03762, with normalisation behind each sum): attention of
/// every token to every other, then two linear layers. Hidden states <c>[batch, length, hidden]</c> to the same.
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

    /// <inheritdoc />
    public override Tensor forward(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var attended = _attentionNorm.call(_hiddenDropout.call(_attended.call(Attend(hidden))).add_(hidden));
        var inner = functional.gelu(_widen.call(attended));
        return _outputNorm.call(_hiddenDropout.call(_narrow.call(inner)).add_(attended)).MoveToOuterDisposeScope();
    }

    // What the heads read of the values, side by side: [batch, length, hidden].
    private Tensor Attend(Tensor hidden)
    {
        var (batch, length, heads) = (hidden.size(0), hidden.size(1), _size.Heads);
        var query = Split(_query.call(hidden)).mul_(1 / Math.Sqrt(Transformer.HeadWidth));
        var key = Split(_key.call(hidden)).transpose(1, 2);
        var scores = _reading.Mask is { } mask
            ? mask.expand(batch, heads, 1, length).reshape(batch * heads, 1, length).baddbmm(query, key)
            : query.bmm(key);
        scores = _scores.call(scores.view(batch, heads, length, length));
        var weights = _attentionDropout.call(scores.softmax(-1)).view(batch * heads, length, length);
        return weights.bmm(Split(_value.call(hidden))).view(batch, heads, length, Transformer.HeadWidth).transpose(1, 2).reshape(batch, length, _size.Hidden);

        // [batch * heads, length, width of a head]
        Tensor Split(Tensor states) => states.view(batch, length, heads, Transformer.HeadWidth).transpose(1, 2).reshape(batch * heads, length, Transformer.HeadWidth);
    }
}
