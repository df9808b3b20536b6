namespace KdService.Text.Tokenizers;

/// <summary>A text or a pair as a network takes it, special tokens included. All arrays have the length of the sequence.</summary>
public sealed class TokenizedText
{
    /// <summary>Token ids.</summary>
    public required int[] Ids { get; init; }

    /// <summary>BERT's segment: 0 up to the first separator, 1 for the second text and its separator. RoBERTa has 0 everywhere.</summary>
    public required byte[] TypeIds { get; init; }

    /// <summary>Which text a token comes from: 0 or 1, and -1 for the special tokens of the template.</summary>
    public required sbyte[] SequenceIds { get; init; }

    /// <summary>What a token covers of the text it comes from; empty for the special tokens of the template.</summary>
    public required TextSpan[] Offsets { get; init; }

    /// <summary>Tokens, special ones included.</summary>
    public int Length => Ids.Length;

    /// <summary>Whether the token at <paramref name="index"/> was added by the template.</summary>
    public bool IsSpecial(int index) => SequenceIds[index] < 0;
}
