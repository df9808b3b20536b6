namespace KdService.Core.Architectures;

/// <summary>The published encoders that transformers here are built like.</summary>
public enum TransformerFamily
{
    /// <summary>Devlin et al. 2019 (arXiv:1810.04805).</summary>
    Bert,

    /// <summary>Liu et al. 2019 (arXiv:1907.11692): BERT without segments.</summary>
    Roberta,

    /// <summary>Sanh et al. 2019 (arXiv:1910.01108): BERT without segments and pooler.</summary>
    DistilBert,
}

/// <summary>An encoder of texts: its size, and what its family makes of it. Modules are named as Hugging Face names them.</summary>
/// <param name="Family">What it is built like.</param>
/// <param name="Layers">Layers of the encoder.</param>
/// <param name="Hidden">Width of the hidden states.</param>
public sealed record Transformer(TransformerFamily Family, int Layers, int Hidden)
{
    /// <summary>Width of one attention head.</summary>
    public const int HeadWidth = 64;

    /// <summary>Share of the hidden states and of the attention that training drops, as the papers do.</summary>
    public const double DropoutRate = 0.1;

    /// <summary>Share that DistilBERT drops before its classifier.</summary>
    public const double DistilBertClassifierDropoutRate = 0.2;

    /// <summary>The most tokens of a text.</summary>
    public const int LongestText = 512;

    /// <summary>Attention heads.</summary>
    public int Heads => Hidden / HeadWidth;

    /// <summary>Width within the feed-forward part of a layer.</summary>
    public int Inner => 4 * Hidden;

    /// <summary>Rows of the position table.</summary>
    public int Positions => FirstPosition + LongestText;

    /// <summary>The row of the position table that the first token takes: RoBERTa's table begins with the padding's.</summary>
    public int FirstPosition => Family == TransformerFamily.Roberta ? PaddingToken + 1 : 0;

    /// <summary>The token that stands for padding; its word embedding stays zero.</summary>
    public int PaddingToken => Family == TransformerFamily.Roberta ? 1 : 0;

    /// <summary>Rows of the segment table; 0 without one. A table of one row makes no difference between segments.</summary>
    public int Segments => Family switch { TransformerFamily.Bert => 2, TransformerFamily.Roberta => 1, _ => 0 };

    /// <summary>What layer normalisation adds to the variance.</summary>
    public double NormEpsilon => Family == TransformerFamily.Roberta ? 1e-5 : 1e-12;

    /// <summary>The module that is the encoder, and what Hugging Face calls the family.</summary>
    public string Encoder => Family.ToString().ToLowerInvariant();

    /// <summary>The module that turns tokens into the first hidden states.</summary>
    public string Embeddings => $"{Encoder}.embeddings";

    /// <summary>A layer's module, which gives its hidden states.</summary>
    public string Layer(int layer) => Family == TransformerFamily.DistilBert ? $"{Encoder}.transformer.layer.{layer}" : $"{Encoder}.encoder.layer.{layer}";

    /// <summary>The module that gives a layer's attention scores, before the softmax.</summary>
    public string Scores(int layer) => Family == TransformerFamily.DistilBert ? $"{Layer(layer)}.attention.scores" : $"{Layer(layer)}.attention.self.scores";
}
