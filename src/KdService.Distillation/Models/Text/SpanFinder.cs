using KdService.Core.Architectures;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models.Text;

/// <summary>Predicts where a span begins and ends from every token's hidden state, as each family's <c>ForQuestionAnswering</c> does.</summary>
internal sealed class SpanFinder : TextNetwork
{
    private readonly Linear _outputs;

    /// <summary>Builds a network.</summary>
    /// <param name="size">Its size and family.</param>
    /// <param name="vocabulary">Entries of the vocabulary.</param>
    public SpanFinder(Transformer size, int vocabulary) : base(nameof(SpanFinder), size, vocabulary)
    {
        _outputs = Named("qa_outputs", Linear(size.Hidden, 2));
        TextEncoder.Draw(this, Encoder);
    }

    private protected override bool ReadsFirstOnly => false;

    private protected override Tensor Head(Tensor hidden)
    {
        // DistilBERT alone drops here.
        if (Size.Family == TransformerFamily.DistilBert) hidden = functional.dropout(hidden, Transformer.DropoutRate, training);
        var logits = _outputs.call(hidden).transpose(1, 2);
        return Encoder.Mask is { } mask ? logits + mask.squeeze(1) : logits.contiguous();
    }
}
