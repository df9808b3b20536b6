using System.Runtime.InteropServices;
using KdService.Core.Datasets;
using KdService.Text.Tasks;
using KdService.Text.Tokenizers;
using static TorchSharp.torch;

namespace KdService.Distillation.Data;

/// <summary>Labelled texts in memory, as tokens.</summary>
public class TokenSet : SampleSet
{
    /// <summary>What stands for a token where a text of a batch is shorter than the longest.</summary>
    public const int Padding = -1;

    private readonly int[] _tokens;
    private readonly int[] _starts;

    /// <summary>Takes over tokens and labels.</summary>
    /// <param name="texts">Each text's tokens, and how many of them belong to the first segment.</param>
    /// <param name="labels">The class of each text.</param>
    /// <param name="shape">The vocabulary, the most tokens, and what is predicted.</param>
    /// <exception cref="ArgumentException">A text is empty or too long, or a token is not of the vocabulary.</exception>
    public TokenSet(IReadOnlyList<(int[] Tokens, int First)> texts, int[] labels, DataShape shape) : base(labels, shape)
    {
        if (texts.Count != labels.Length) throw new ArgumentException($"{texts.Count} texts and {labels.Length} labels given; as many of each are right", nameof(labels));
        // Text after text, each led by the length of its first segment: what decides its input, and nothing else.
        _starts = new int[texts.Count + 1];
        for (var i = 0; i < texts.Count; i++) _starts[i + 1] = _starts[i] + 1 + texts[i].Tokens.Length;
        _tokens = new int[_starts[^1]];
        foreach (var (i, (tokens, first)) in texts.Index())
        {
            if (tokens.Length < 1 || tokens.Length > shape.Width) throw new ArgumentException($"{tokens.Length} tokens given for text {i}; 1 to {shape.Width} are right", nameof(texts));
            if (tokens.FirstOrDefault(token => token < 0 || token >= shape.Vocabulary, 0) is not 0 and var alien)
                throw new ArgumentException($"token {alien} given in text {i}; 0 to {shape.Vocabulary - 1} are right", nameof(texts));
            _tokens[_starts[i]] = first;
            tokens.CopyTo(_tokens, _starts[i] + 1);
        }
    }

    /// <summary>The tokens of a text, and how many of them belong to the first segment.</summary>
    public static (int[] Tokens, int First) Segmented(TokenizedText text) => (text.Ids, text.TypeIds.AsSpan().IndexOf((byte)1) is >= 0 and var first ? first : text.Length);

    /// <summary>The texts that the tokens are of; null where nothing asks for them.</summary>
    public IReadOnlyList<TextExample>? Texts { get; init; }

    /// <inheritdoc />
    public override ReadOnlySpan<byte> Content => MemoryMarshal.AsBytes(_tokens.AsSpan());

    /// <summary>The tokens of a text.</summary>
    public ReadOnlySpan<int> Tokens(int sample) => _tokens.AsSpan((_starts[sample] + 1).._starts[sample + 1]);

    /// <inheritdoc />
    public override int LengthOf(int sample) => _starts[sample + 1] - _starts[sample] - 1;

    /// <summary>
    /// Tokens and segments of texts, int64 <c>[batch, 2, length]</c> on the CPU, as long as the longest of them: token ids in the first
    /// row, <see cref="Padding"/> after a text's end; the segment, 0 or 1, in the second.
    /// </summary>
    public Tensor Load(ReadOnlySpan<int> indices)
    {
        var length = 0;
        foreach (var index in indices) length = Math.Max(length, LengthOf(index));
        var written = empty(indices.Length, 2, length, int64);
        var values = MemoryMarshal.Cast<byte, long>(written.bytes);
        for (var i = 0; i < indices.Length; i++)
        {
            var tokens = Tokens(indices[i]);
            var first = _tokens[_starts[indices[i]]];
            var ids = values.Slice(2 * i * length, length);
            var segments = values.Slice((2 * i + 1) * length, length);
            for (var t = 0; t < tokens.Length; t++) (ids[t], segments[t]) = (tokens[t], t < first ? 0 : 1);
            ids[tokens.Length..].Fill(Padding);
            segments[tokens.Length..].Clear();
        }
        return written;
    }
}
