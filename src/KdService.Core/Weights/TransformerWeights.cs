using KdService.Core.Architectures;
using KdService.Core.Datasets;

namespace KdService.Core.Weights;

/// <summary>The names and shapes of a transformer's weights, as Hugging Face's models and ours have them, known without building it.</summary>
public static class TransformerWeights
{
    /// <summary>The weights of the encoder and of the head for what is predicted.</summary>
    /// <param name="size">Size and family.</param>
    /// <param name="vocabulary">Entries of the vocabulary.</param>
    /// <param name="target">What is predicted.</param>
    /// <param name="outputs">Number of classes; 1 for a value; of no account for a span and for words.</param>
    public static IReadOnlyDictionary<string, long[]> Of(Transformer size, int vocabulary, Target target, int outputs)
    {
        var weights = new Dictionary<string, long[]>();
        int hidden = size.Hidden, inner = size.Inner;
        Table($"{size.Embeddings}.word_embeddings", vocabulary);
        Table($"{size.Embeddings}.position_embeddings", size.Positions);
        if (size.Segments > 0) Table($"{size.Embeddings}.token_type_embeddings", size.Segments);
        Norm($"{size.Embeddings}.LayerNorm");
        for (var layer = 0; layer < size.Layers; layer++) Layer($"{size.Layer(layer)}.");
        if (target == Target.Span) Linear("qa_outputs", hidden, 2);
        else if (target == Target.Word) Guesser();
        else Classifier();
        return weights;

        void Layer(string path)
        {
            var distilled = size.Family == TransformerFamily.DistilBert;
            string[] square = distilled ? ["attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin"] : ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"];
            foreach (var name in square) Linear(path + name, hidden, hidden);
            Norm(path + (distilled ? "sa_layer_norm" : "attention.output.LayerNorm"));
            Linear(path + (distilled ? "ffn.lin1" : "intermediate.dense"), hidden, inner);
            Linear(path + (distilled ? "ffn.lin2" : "output.dense"), inner, hidden);
            Norm(path + (distilled ? "output_layer_norm" : "output.LayerNorm"));
        }

        void Classifier()
        {
            Linear(size.Family switch { TransformerFamily.Bert => "bert.pooler.dense", TransformerFamily.Roberta => "classifier.dense", _ => "pre_classifier" }, hidden, hidden);
            Linear(LastLayer(size.Family, target), hidden, outputs);
        }

        // The last layer's weight is the word embeddings.
        void Guesser()
        {
            var (dense, norm, words) = GuesserOf(size.Family);
            Linear(dense, hidden, hidden);
            Norm(norm);
            weights.Add($"{words}.bias", [vocabulary]);
        }

        void Table(string name, int rows) => weights.Add($"{name}.weight", [rows, hidden]);

        void Norm(string name)
        {
            weights.Add($"{name}.weight", [hidden]);
            weights.Add($"{name}.bias", [hidden]);
        }

        void Linear(string name, int inputs, int results)
        {
            weights.Add($"{name}.weight", [results, inputs]);
            weights.Add($"{name}.bias", [results]);
        }
    }

    /// <summary>The modules of a masked-LM head: a dense layer, its norm, and what holds the bias of every word.</summary>
    public static (string Dense, string Norm, string Words) GuesserOf(TransformerFamily family) => family switch
    {
        TransformerFamily.Bert => ("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions"),
        TransformerFamily.Roberta => ("lm_head.dense", "lm_head.layer_norm", "lm_head"),
        _ => ("vocab_transform", "vocab_layer_norm", "vocab_projector"),
    };

    /// <summary>The tensors of a masked-LM head in words.</summary>
    public static string MaskedLmHead(TransformerFamily family) => family switch
    {
        TransformerFamily.Bert => "cls.predictions.*",
        TransformerFamily.Roberta => "lm_head.*",
        _ => "vocab_transform.*, vocab_layer_norm.* and vocab_projector.bias",
    };

    /// <summary>The module that gives the logits.</summary>
    public static string LastLayer(TransformerFamily family, Target target) =>
        target == Target.Span ? "qa_outputs" : family == TransformerFamily.Roberta ? "classifier.out_proj" : "classifier";
}
