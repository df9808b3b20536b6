using System.Security.Cryptography;
using System.Text.Json;

namespace KdService.Text.Tokenizers;

/// <summary>
/// Turns texts into the token ids of a network and back. Safe to use from several threads. Made by <see cref="TokenizerFolder"/> from
/// the files of a Hugging Face folder, or directly from a vocabulary.
/// </summary>
public abstract class Tokenizer
{
    private readonly (string Token, int Id)[] _specialByLength;
    private readonly System.Buffers.SearchValues<char> _specialStarts;
    private readonly HashSet<int> _specialIds;

    /// <summary>A tokenizer over a vocabulary that holds all the special tokens.</summary>
    /// <exception cref="ArgumentException">A special token is not in the vocabulary.</exception>
    private protected Tokenizer(Vocabulary vocabulary, SpecialTokens special, int? maxLength)
    {
        (Vocabulary, Special, MaxLength) = (vocabulary, special, maxLength);
        (StartId, SeparatorId, PadId, UnknownId, MaskId) = (IdOf(special.Start), IdOf(special.Separator), IdOf(special.Pad), IdOf(special.Unknown), IdOf(special.Mask));
        _specialByLength = [.. special.All.Distinct().OrderByDescending(token => token.Length).Select(token => (token, IdOf(token)))];
        _specialStarts = System.Buffers.SearchValues.Create([.. special.All.Select(token => token[0]).Distinct()]);
        _specialIds = [.. special.All.Select(IdOf)];
        SpecialIds = [.. _specialIds.Order()];

        int IdOf(string token) => vocabulary.IdOf(token)
            ?? throw new ArgumentException($"the vocabulary of {vocabulary.Count} tokens lacks the special token {token}; it needs {string.Join(' ', special.All.Distinct())}", nameof(vocabulary));
    }

    /// <summary>Tokens and their ids.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>The tokens that stand for no text.</summary>
    public SpecialTokens Special { get; }

    /// <summary>The longest sequence the network was made for (<c>model_max_length</c>), special tokens included; null where the folder names none.</summary>
    public int? MaxLength { get; }

    /// <summary>Digest of all that decides which ids a text becomes, in lower-case hexadecimal: tokenizers of equal ones cut every text alike.</summary>
    public string Digest => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new { Kind = GetType().Name, Special, Manner, Vocabulary.Tokens })));

    /// <summary>What, besides the vocabulary, decides how words are cut.</summary>
    private protected abstract object Manner { get; }

    /// <summary>The id of <see cref="SpecialTokens.Start"/>.</summary>
    public int StartId { get; }

    /// <summary>The id of <see cref="SpecialTokens.Separator"/>.</summary>
    public int SeparatorId { get; }

    /// <summary>The id of <see cref="SpecialTokens.Pad"/>.</summary>
    public int PadId { get; }

    /// <summary>The id of <see cref="SpecialTokens.Unknown"/>.</summary>
    public int UnknownId { get; }

    /// <summary>The id of <see cref="SpecialTokens.Mask"/>.</summary>
    public int MaskId { get; }

    /// <summary>The ids of all special tokens, in order.</summary>
    public IReadOnlyList<int> SpecialIds { get; }

    /// <summary>Special tokens that the template adds to a text or to a pair.</summary>
    public int TemplateLength(bool pair) => (pair, Special.Template) switch
    {
        (false, _) => 2,
        (true, SequenceTemplate.Bert) => 3,
        _ => 4,
    };

    /// <summary>The tokens of a text alone, without those of the template.</summary>
    public Pieces Split(string text)
    {
        var pieces = new Pieces();
        var from = 0;
        while (NextSpecial(text, from) is var (start, token, id))
        {
            // RoBERTa's mask takes the white space before it along.
            var end = start;
            if (token == Special.Mask && Special.Template == SequenceTemplate.Roberta)
            {
                while (end > from && char.IsWhiteSpace(text[end - 1])) end--;
            }
            if (end > from) Append(text, from, end, pieces);
            pieces.Add(id, start, start + token.Length);
            from = start + token.Length;
        }
        if (from < text.Length) Append(text, from, text.Length, pieces);
        return pieces;
    }

    /// <summary>A text or a pair with its special tokens.</summary>
    /// <param name="text">The first text.</param>
    /// <param name="pair">The second, if any.</param>
    /// <param name="maxLength">Tokens allowed, special ones included; no limit when left out.</param>
    /// <param name="truncation">What is cut where there are more.</param>
    /// <exception cref="ArgumentException">What may be cut does not bring the sequence down to <paramref name="maxLength"/>.</exception>
    public TokenizedText Encode(string text, string? pair = null, int? maxLength = null, Truncation truncation = Truncation.LongestFirst)
    {
        var first = Split(text);
        var second = pair is null ? null : Split(pair);
        var (a, b) = (first.Count, second?.Count ?? 0);
        if (maxLength is { } allowed) (a, b) = Lengths(a, b, allowed - TemplateLength(pair is not null), truncation, allowed);
        return Assemble(first, 0..a, second, 0..b);
    }

    /// <summary>A pair whose second text is cut into windows that overlap, each beside the whole first text.</summary>
    /// <param name="first">What every window has whole, cut to <paramref name="maxFirst"/> tokens: a question.</param>
    /// <param name="second">What is cut into windows: a context.</param>
    /// <param name="maxLength">Tokens of a window, special ones included.</param>
    /// <param name="step">Tokens by which the next window starts later, BERT's <c>doc_stride</c>; fewer where a window holds fewer. (transformers' fast tokenizers take the overlap instead.)</param>
    /// <param name="maxFirst">Tokens allowed for the first text; no limit when left out.</param>
    /// <returns>At least one window; the last one ends where the text does.</returns>
    /// <exception cref="ArgumentException">No room is left for the second text, or the step is none.</exception>
    public IReadOnlyList<TokenizedText> EncodeWindows(string first, string second, int maxLength, int step, int? maxFirst = null)
    {
        var (question, context) = (Split(first), Split(second));
        var kept = Math.Min(question.Count, maxFirst ?? int.MaxValue);
        var room = maxLength - TemplateLength(pair: true) - kept;
        if (room < 1) throw new ArgumentException($"{maxLength} tokens given; the first text has {kept} and the template {TemplateLength(pair: true)}, which leaves nothing for the second", nameof(maxLength));
        if (step < 1) throw new ArgumentException($"{step} given; a step of 1 token or more", nameof(step));

        var windows = new List<TokenizedText>();
        for (var start = 0; ; start += Math.Min(step, room))
        {
            var end = Math.Min(start + room, context.Count);
            windows.Add(Assemble(question, 0..kept, context, start..end));
            if (end == context.Count) return windows;
        }
    }

    /// <summary>The text that tokens stand for, as far as the tokenizer keeps it.</summary>
    /// <param name="ids">Ids of the vocabulary.</param>
    /// <param name="skipSpecial">Whether special tokens are left out.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is not one of the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = true)
    {
        var tokens = new List<int>(ids.Length);
        foreach (var id in ids)
        {
            if (!skipSpecial || !_specialIds.Contains(id)) tokens.Add(id);
        }
        return Join(tokens);
    }

    /// <summary>Adds the tokens of <c>text[start..end]</c>, which holds no special token.</summary>
    private protected abstract void Append(string text, int start, int end, Pieces pieces);

    /// <summary>The text of tokens.</summary>
    private protected abstract string Join(List<int> ids);

    private protected bool IsSpecialId(int id) => _specialIds.Contains(id);

    private (int Start, string Token, int Id)? NextSpecial(string text, int from)
    {
        for (var start = from; ; start++)
        {
            var next = text.AsSpan(start).IndexOfAny(_specialStarts);
            if (next < 0) return null;
            start += next;
            foreach (var (token, id) in _specialByLength)
            {
                if (text.AsSpan(start).StartsWith(token, StringComparison.Ordinal)) return (start, token, id);
            }
        }
    }

    private static (int First, int Second) Lengths(int first, int second, int room, Truncation truncation, int maxLength)
    {
        var excess = first + second - room;
        if (excess <= 0) return (first, second);
        switch (truncation)
        {
            case Truncation.LongestFirst when room >= 0:
                var single = Math.Min(excess, Math.Abs(first - second));
                if (first > second) first -= single;
                else second -= single;
                excess -= single;
                return (first - excess / 2, second - (excess + 1) / 2);
            case Truncation.OnlyFirst when excess <= first:
                return (first - excess, second);
            case Truncation.OnlySecond when excess <= second:
                return (first, second - excess);
            default:
                throw new ArgumentException(
                    $"at most {maxLength} tokens allowed, but the texts have {first} and {second} and the template {maxLength - room}; truncation {truncation} does not make them fit", nameof(maxLength));
        }
    }

    private TokenizedText Assemble(Pieces first, Range firstPart, Pieces? second, Range secondPart)
    {
        var (a, b) = (firstPart.End.Value - firstPart.Start.Value, secondPart.End.Value - secondPart.Start.Value);
        var length = a + b + TemplateLength(second is not null);
        var result = new TokenizedText { Ids = new int[length], TypeIds = new byte[length], SequenceIds = new sbyte[length], Offsets = new TextSpan[length] };
        result.SequenceIds.AsSpan().Fill(-1);
        result.Ids[0] = StartId;
        Place(first, firstPart, 1, sequence: 0);
        if (second is null) return result;

        var from = a + TemplateLength(pair: true) - 1;
        for (var i = a + 2; i < from; i++) result.Ids[i] = SeparatorId;
        Place(second, secondPart, from, sequence: 1);
        if (Special.Template == SequenceTemplate.Bert) result.TypeIds.AsSpan(from).Fill(1);
        return result;

        void Place(Pieces pieces, Range part, int at, sbyte sequence)
        {
            pieces.Ids[part].CopyTo(result.Ids.AsSpan(at));
            pieces.Offsets[part].CopyTo(result.Offsets.AsSpan(at));
            var count = part.End.Value - part.Start.Value;
            result.SequenceIds.AsSpan(at, count).Fill(sequence);
            result.Ids[at + count] = SeparatorId;
        }
    }
}
