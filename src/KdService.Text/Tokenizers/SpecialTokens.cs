namespace KdService.Text.Tokenizers;

/// <summary>How special tokens are put around a text and between the two of a pair.</summary>
public enum SequenceTemplate
{
    /// <summary><c>[CLS] A [SEP]</c> and <c>[CLS] A [SEP] B [SEP]</c>, B in segment 1.</summary>
    Bert,

    /// <summary><c>&lt;s> A &lt;/s></c> and <c>&lt;s> A &lt;/s>&lt;/s> B &lt;/s></c>, all in segment 0.</summary>
    Roberta,
}

/// <summary>The tokens that stand for no text. Where the text holds one literally it becomes that token, as in transformers.</summary>
/// <param name="Template">How they are put around texts.</param>
/// <param name="Start">The first of a sequence: <c>[CLS]</c> or <c>&lt;s></c>.</param>
/// <param name="Separator">The last of each text: <c>[SEP]</c> or <c>&lt;/s></c>.</param>
/// <param name="Pad">What fills up a batch.</param>
/// <param name="Unknown">What stands for words the vocabulary cannot spell.</param>
/// <param name="Mask">What hides a token from a masked language model.</param>
public sealed record SpecialTokens(SequenceTemplate Template, string Start, string Separator, string Pad, string Unknown, string Mask)
{
    /// <summary>BERT's.</summary>
    public static SpecialTokens Bert { get; } = new(SequenceTemplate.Bert, "[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]");

    /// <summary>RoBERTa's.</summary>
    public static SpecialTokens Roberta { get; } = new(SequenceTemplate.Roberta, "<s>", "</s>", "<pad>", "<unk>", "<mask>");

    /// <summary>All of them.</summary>
    public IReadOnlyList<string> All => [Start, Separator, Pad, Unknown, Mask];
}
