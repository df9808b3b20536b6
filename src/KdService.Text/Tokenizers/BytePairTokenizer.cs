using System.Buffers;
using System.Collections.Concurrent;
using System.Text;

namespace KdService.Text.Tokenizers;

/// <summary>
/// The byte-level BPE of GPT-2 and RoBERTa: words of UTF-8 bytes, joined pair by pair in the order in which the merges were learnt. Every
/// text can be spelt, and comes back byte for byte, but for lone surrogates, which become U+FFFD.
/// </summary>
public sealed class BytePairTokenizer : Tokenizer
{
    // Words recur; beyond this many, new ones are merged each time.
    private const int WordsKept = 1 << 16;

    private readonly Dictionary<(int Left, int Right), (int Rank, int Merged)> _merges = [];
    private readonly int[] _byteIds = new int[256];
    private readonly byte[]?[] _tokenBytes;
    private readonly ConcurrentDictionary<string, int[]> _words = new(StringComparer.Ordinal);
    private int _wordCount;

    /// <summary>A tokenizer over a vocabulary and its merges.</summary>
    /// <param name="vocabulary">Tokens in GPT-2's byte alphabet.</param>
    /// <param name="merges">Pairs of tokens, the first learnt first.</param>
    /// <param name="addPrefixSpace">Whether a text that starts with no white space is taken as if a space stood before it (<c>add_prefix_space</c>).</param>
    /// <param name="special">Special tokens; RoBERTa's when left out.</param>
    /// <param name="maxLength">The longest sequence the network was made for, if known.</param>
    /// <exception cref="ArgumentException">A special token or a byte is not in the vocabulary, or a merge or its result is not.</exception>
    public BytePairTokenizer(Vocabulary vocabulary, IEnumerable<(string Left, string Right)> merges, bool addPrefixSpace = false, SpecialTokens? special = null, int? maxLength = null)
        : base(vocabulary, special ?? SpecialTokens.Roberta, maxLength)
    {
        AddPrefixSpace = addPrefixSpace;
        Merges = [.. merges];
        for (var value = 0; value < 256; value++)
        {
            _byteIds[value] = vocabulary.IdOf(ByteAlphabet.LetterOf((byte)value).ToString())
                ?? throw new ArgumentException($"the vocabulary lacks the byte 0x{value:X2} ('{ByteAlphabet.LetterOf((byte)value)}'); all 256 are needed", nameof(vocabulary));
        }
        for (var rank = 0; rank < Merges.Count; rank++)
        {
            var (left, right) = Merges[rank];
            if (!_merges.TryAdd((IdOf(left), IdOf(right)), (rank, IdOf(left + right)))) throw new ArgumentException($"merge {rank + 1}: '{left} {right}' comes twice", nameof(merges));

            int IdOf(string token) => vocabulary.IdOf(token)
                ?? throw new ArgumentException($"merge {rank + 1}: '{left} {right}' needs the token '{token}', which the vocabulary lacks", nameof(merges));
        }
        _tokenBytes = [.. vocabulary.Tokens.Select(BytesOf)];
    }

    /// <summary>Pairs of tokens, the first learnt first.</summary>
    public IReadOnlyList<(string Left, string Right)> Merges { get; }

    private protected override object Manner => new { AddPrefixSpace, Merges = Merges.Select(merge => $"{merge.Left} {merge.Right}") };

    /// <summary>Whether a text that starts with no white space is taken as if a space stood before it.</summary>
    public bool AddPrefixSpace { get; }

    private protected override void Append(string text, int start, int end, Pieces pieces)
    {
        var shift = start;
        var span = text.AsSpan(start, end - start);
        if (AddPrefixSpace && start == 0 && !char.IsWhiteSpace(span[0]))
        {
            span = string.Concat(" ", span);
            shift--;
        }
        for (var at = 0; at < span.Length;)
        {
            var word = span.Slice(at, BytePairWords.NextLength(span[at..]));
            AddWord(word, at + shift, start, pieces);
            at += word.Length;
        }
    }

    private protected override string Join(List<int> ids)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var id in ids)
        {
            // Tokens beyond the byte alphabet, special ones among them, stand for their own spelling.
            var token = Vocabulary[id];
            bytes.Write(_tokenBytes[id] ?? Encoding.UTF8.GetBytes(token));
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private byte[]? BytesOf(string token, int id)
    {
        if (IsSpecialId(id)) return null;
        var bytes = new byte[token.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            if (ByteAlphabet.ByteOf(token[i]) is not { } value) return null;
            bytes[i] = value;
        }
        return bytes;
    }

    /// <summary>Adds the tokens of a word, each with the characters that its bytes are of, white space around them left out.</summary>
    private void AddWord(ReadOnlySpan<char> word, int start, int first, Pieces pieces)
    {
        // The next byte is one of the character at `unit`, whose first byte is `unitByte`.
        var (unit, unitByte, past) = (0, 0, 0);
        foreach (var id in TokensOf(word))
        {
            past += _tokenBytes[id]!.Length;
            var (from, to, toByte) = (unit, unit, unitByte);
            while (toByte < past)
            {
                Rune.DecodeFromUtf16(word[to..], out var rune, out var units);
                to += units;
                toByte += rune.Utf8SequenceLength;
                if (toByte <= past) (unit, unitByte) = (to, toByte);
            }
            while (from < to && char.IsWhiteSpace(word[from])) from++;
            while (from < to && char.IsWhiteSpace(word[to - 1])) to--;
            pieces.Add(id, Math.Max(first, start + from), Math.Max(first, start + to));
        }
    }

    private int[] TokensOf(ReadOnlySpan<char> word)
    {
        var lookup = _words.GetAlternateLookup<ReadOnlySpan<char>>();
        if (lookup.TryGetValue(word, out var known)) return known;
        var ids = Merge(word);
        if (Volatile.Read(ref _wordCount) < WordsKept && lookup.TryAdd(word, ids)) Interlocked.Increment(ref _wordCount);
        return ids;
    }

    private int[] Merge(ReadOnlySpan<char> word)
    {
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(word.Length)];
        var count = Encoding.UTF8.GetBytes(word, bytes);
        var ids = new int[count];
        for (var i = 0; i < count; i++) ids[i] = _byteIds[bytes[i]];
        while (Best(ids.AsSpan(0, count)) is { } pair)
        {
            var kept = 0;
            for (var i = 0; i < count; i++)
            {
                var joins = i + 1 < count && (ids[i], ids[i + 1]) == pair;
                ids[kept++] = joins ? _merges[pair].Merged : ids[i];
                if (joins) i++;
            }
            count = kept;
        }
        return ids[..count];
    }

    /// <summary>The neighbours that were learnt to merge first, or null where none were.</summary>
    private (int Left, int Right)? Best(ReadOnlySpan<int> ids)
    {
        ((int, int)? best, var rank) = (null, int.MaxValue);
        for (var i = 0; i + 1 < ids.Length; i++)
        {
            if (!_merges.TryGetValue((ids[i], ids[i + 1]), out var merge) || merge.Rank >= rank) continue;
            (best, rank) = ((ids[i], ids[i + 1]), merge.Rank);
        }
        return best;
    }
}
