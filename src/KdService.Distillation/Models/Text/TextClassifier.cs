using KdService.Core.Architectures;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models.Text;

/// <summary>Predicts a class or a value from the first token's hidden state, as each family's <c>ForSequenceClassification</c> does.</summary>
internal sealed class TextClassifier : TextNetwork
{
    private readonly Linear _dense;
    private readonly Linear _classifier;
    private readonly Dropout _dropout;

    /// <summary>Builds a network.</summary>
    /// <param name="size">Its size and family.</param>
    /// <param name="vocabulary">Entries of the vocabulary.</param>
    /// <param name="outputs">Number of classes; 1 for a value.</param>
    public TextClassifier(Transformer size, int vocabulary, int outputs) : base(nameof(TextClassifier), size, vocabulary)
    {
        var (dense, classifier) = size.Family switch
        {
            TransformerFamily.Bert => ("bert.pooler.dense", "classifier"),
            TransformerFamily.Roberta => ("classifier.dense", "classifier.out_proj"),
            _ => ("pre_classifier", "classifier"),
        };
        _dense = Named(dense, Linear(size.Hidden, size.Hidden));
        _classifier = Named(classifier, Linear(size.Hidden, outputs));
        _dropout = Named("dropout", Dropout(size.Family == TransformerFamily.DistilBert ? Transformer.DistilBertClassifierDropoutRate : Transformer.DropoutRate));
        TextEncoder.Draw(this, Encoder);
    }

    private protected override bool ReadsFirstOnly => true;

    private protected override Tensor Head(Tensor hidden)
    {
        var first = hidden.select(1, 0);
        if (Size.Family == TransformerFamily.Roberta) first = _dropout.call(first);
        var dense = _dense.call(first);
        return _classifier.call(_dropout.call(Size.Family == TransformerFamily.DistilBert ? dense.relu() : dense.tanh()));
    }
}
