using System.Collections.Frozen;
using System.Text;

namespace KdService.Text.Tokenizers;

/// <summary>
/// BERT's tokenizer: basic tokenisation (clean, space Chinese characters, lower-case, strip accents, part at punctuation), then each word
/// into the longest pieces that the vocabulary has, from the left. One pass over the text, nothing allocated per word.
/// </summary>
public sealed class WordPieceTokenizer : Tokenizer
{
    /// <summary>What marks a piece that continues a word.</summary>
    public const string Continuation = "##";

    private readonly PieceTable _initial;
    private readonly PieceTable _continuing;
    private readonly bool _stripAccents;

    /// <summary>A tokenizer over BERT's vocabulary.</summary>
    /// <param name="vocabulary">Pieces; those that continue a word begin with <c>##</c>.</param>
    /// <param name="options">How words are prepared; as for uncased models when left out.</param>
    /// <param name="special">Special tokens; BERT's when left out.</param>
    /// <param name="maxLength">The longest sequence the network was made for, if known.</param>
    /// <exception cref="ArgumentException">A special token is not in the vocabulary.</exception>
    public WordPieceTokenizer(Vocabulary vocabulary, WordPieceOptions? options = null, SpecialTokens? special = null, int? maxLength = null)
        : base(vocabulary, special ?? SpecialTokens.Bert, maxLength)
    {
        Options = options ?? WordPieceOptions.Uncased;
        _stripAccents = Options.StripAccents ?? Options.LowerCase;
        _initial = new PieceTable(vocabulary.Tokens.Index().Select(token => (token.Item, token.Index)));
        _continuing = new PieceTable(vocabulary.Tokens.Index()
            .Where(token => token.Item.StartsWith(Continuation, StringComparison.Ordinal)).Select(token => (token.Item[Continuation.Length..], token.Index)));
    }

    /// <summary>How words are prepared.</summary>
    public WordPieceOptions Options { get; }

    private protected override object Manner => Options with { StripAccents = _stripAccents };

    private protected override void Append(string text, int start, int end, Pieces pieces)
    {
        var span = text.AsSpan(0, end);
        Span<char> lowered = stackalloc char[Options.LongestWord];
        Word? word = null;
        for (var i = start; i < end;)
        {
            var character = span[i];
            if (!char.IsAscii(character))
            {
                i += AppendRune(span, start, i, word ??= new Word(), pieces);
                continue;
            }
            switch (BertCharacters.KindOfAscii(character))
            {
                case CharacterKind.Space:
                    Flush(word, pieces);
                    i++;
                    break;
                case CharacterKind.Punctuation:
                    Flush(word, pieces);
                    AddWhole([character], i++, pieces);
                    break;
                case CharacterKind.Removed:
                    i++;
                    break;
                default:
                    var run = AsciiWordLength(span[i..]);
                    if (word is not { Length: > 0 } && EndsWord(span[(i + run)..])) AddAscii(span.Slice(i, run), i, lowered, pieces);
                    else (word ??= new Word()).AppendAscii(span.Slice(i, run), i, Options.LowerCase);
                    i += run;
                    break;
            }
        }
        Flush(word, pieces);
    }

    private protected override string Join(List<int> ids)
    {
        var text = new StringBuilder();
        foreach (var id in ids)
        {
            var token = Vocabulary[id];
            if (text.Length > 0 && token.StartsWith(Continuation, StringComparison.Ordinal)) text.Append(token, Continuation.Length, token.Length - Continuation.Length);
            else text.Append(text.Length > 0 ? " " : "").Append(token);
        }
        return text.ToString();
    }

    /// <summary>Adds the character at <paramref name="at"/>, which is none of ASCII's, to the word; returns its UTF-16 units.</summary>
    private int AppendRune(ReadOnlySpan<char> text, int start, int at, Word word, Pieces pieces)
    {
        // A lone surrogate decodes to U+FFFD, which is taken out as it is.
        Rune.DecodeFromUtf16(text[at..], out var rune, out var units);
        switch (BertCharacters.KindOf(rune))
        {
            case CharacterKind.Removed:
                return units;
            case CharacterKind.Space:
                Flush(word, pieces);
                return units;
        }
        var alone = Options.SpaceChinese && BertCharacters.IsChinese(rune.Value);
        if (alone) Flush(word, pieces);
        var origin = new TextSpan(at, at + units);
        if (!Options.LowerCase) AppendPlain(rune, origin, word, pieces);
        else if (rune.Value == LowerCase.CapitalSigma) AppendPlain(LowerCase.OfSigma(text[start..], at - start), origin, word, pieces);
        else if (rune.Value == LowerCase.CapitalDottedI)
        {
            AppendPlain(new Rune('i'), origin, word, pieces);
            AppendPlain(new Rune('\u0307'), origin, word, pieces);
        }
        else AppendPlain(LowerCase.Of(rune), origin, word, pieces);
        if (alone) Flush(word, pieces);
        return units;
    }

    private void AppendPlain(Rune rune, TextSpan origin, Word word, Pieces pieces)
    {
        Span<Rune> bases = stackalloc Rune[4];
        bases[0] = rune;
        var count = _stripAccents ? Accents.Strip(rune, bases) : 1;
        foreach (var part in bases[..count])
        {
            // Asked after decomposition: the Greek question mark becomes a semicolon.
            if (BertCharacters.KindOf(part) != CharacterKind.Punctuation)
            {
                word.Append(part, origin);
                continue;
            }
            Flush(word, pieces);
            word.Append(part, origin);
            Flush(word, pieces);
        }
    }

    private void AddAscii(ReadOnlySpan<char> word, int start, Span<char> lowered, Pieces pieces)
    {
        if (word.Length > Options.LongestWord)
        {
            pieces.Add(UnknownId, start, start + word.Length);
            return;
        }
        if (Options.LowerCase)
        {
            Ascii.ToLower(word, lowered, out _);
            word = lowered[..word.Length];
        }
        AddWhole(word, start, pieces);
    }

    /// <summary>Adds the pieces of a word that stands in the text as it is here.</summary>
    private void AddWhole(ReadOnlySpan<char> word, int start, Pieces pieces)
    {
        if (_initial.TryGet(word, out var id)) pieces.Add(id, start, start + word.Length);
        else AddPieces(word, [], start, pieces);
    }

    private void Flush(Word? word, Pieces pieces)
    {
        if (word is not { Length: > 0 }) return;
        var origins = word.Origins;
        if (word.Characters > Options.LongestWord) pieces.Add(UnknownId, origins[0].Start, origins[^1].End);
        else AddPieces(word.Text, origins, 0, pieces);
        word.Clear();
    }

    /// <summary>The longest pieces from the left; the whole word is unknown where one is missing.</summary>
    /// <param name="word">The word as the vocabulary spells it.</param>
    /// <param name="origins">What each UTF-16 unit of it came from; when empty, the word stands in the text at <paramref name="start"/>.</param>
    /// <param name="start">Where it starts in the text, without <paramref name="origins"/>.</param>
    /// <param name="pieces">Where they go.</param>
    private void AddPieces(ReadOnlySpan<char> word, ReadOnlySpan<TextSpan> origins, int start, Pieces pieces)
    {
        Span<(int Id, int End)> found = word.Length <= 256 ? stackalloc (int, int)[word.Length] : new (int, int)[word.Length];
        var count = 0;
        for (var from = 0; from < word.Length; from = found[count++].End)
        {
            var length = (from == 0 ? _initial : _continuing).Longest(word[from..], out var id);
            if (length == 0)
            {
                pieces.Add(UnknownId, Start(0, origins, start), End(word.Length, origins, start));
                return;
            }
            found[count] = (id, from + length);
        }
        var at = 0;
        foreach (var (id, end) in found[..count])
        {
            pieces.Add(id, Start(at, origins, start), End(end, origins, start));
            at = end;
        }

        static int Start(int unit, ReadOnlySpan<TextSpan> origins, int start) => origins.IsEmpty ? start + unit : origins[unit].Start;

        static int End(int unit, ReadOnlySpan<TextSpan> origins, int start) => origins.IsEmpty ? start + unit : origins[unit - 1].End;
    }

    private static int AsciiWordLength(ReadOnlySpan<char> text)
    {
        var length = 1;
        while (length < text.Length && char.IsAscii(text[length]) && BertCharacters.KindOfAscii(text[length]) == CharacterKind.Word) length++;
        return length;
    }

    /// <summary>Whether what comes next surely belongs to no word before it; anything but ASCII may.</summary>
    private static bool EndsWord(ReadOnlySpan<char> rest) =>
        rest.IsEmpty || (char.IsAscii(rest[0]) && BertCharacters.KindOfAscii(rest[0]) is CharacterKind.Space or CharacterKind.Punctuation);

    /// <summary>A word on its way: its text, and where in the original each UTF-16 unit came from.</summary>
    private sealed class Word
    {
        private char[] _text = new char[128];
        private TextSpan[] _origins = new TextSpan[128];

        public int Length { get; private set; }

        /// <summary>Unicode characters, which is what the limit on words counts.</summary>
        public int Characters { get; private set; }

        public ReadOnlySpan<char> Text => _text.AsSpan(0, Length);

        public ReadOnlySpan<TextSpan> Origins => _origins.AsSpan(0, Length);

        public void Append(Rune rune, TextSpan origin)
        {
            Reserve(2);
            var units = rune.EncodeToUtf16(_text.AsSpan(Length));
            _origins.AsSpan(Length, units).Fill(origin);
            Length += units;
            Characters++;
        }

        public void AppendAscii(ReadOnlySpan<char> run, int start, bool lower)
        {
            Reserve(run.Length);
            for (var i = 0; i < run.Length; i++)
            {
                _text[Length + i] = lower ? char.ToLowerInvariant(run[i]) : run[i];
                _origins[Length + i] = new TextSpan(start + i, start + i + 1);
            }
            Length += run.Length;
            Characters += run.Length;
        }

        public void Clear() => Length = Characters = 0;

        private void Reserve(int units)
        {
            if (Length + units <= _text.Length) return;
            var size = Math.Max(2 * _text.Length, Length + units);
            Array.Resize(ref _text, size);
            Array.Resize(ref _origins, size);
        }
    }

    /// <summary>Pieces by their spelling.</summary>
    private sealed class PieceTable
    {
        private readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;
        private readonly int _longest;

        public PieceTable(IEnumerable<(string Spelling, int Id)> pieces)
        {
            var ids = pieces.ToDictionary(piece => piece.Spelling, piece => piece.Id, StringComparer.Ordinal);
            _longest = ids.Keys.Select(spelling => spelling.Length).DefaultIfEmpty().Max();
            _ids = ids.ToFrozenDictionary(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        }

        public bool TryGet(ReadOnlySpan<char> spelling, out int id) => _ids.TryGetValue(spelling, out id);

        /// <summary>The length and id of the longest piece that <paramref name="text"/> starts with; 0 where there is none.</summary>
        public int Longest(ReadOnlySpan<char> text, out int id)
        {
            for (var length = Math.Min(text.Length, _longest); length > 0; length--)
            {
                if (_ids.TryGetValue(text[..length], out id)) return length;
            }
            id = -1;
            return 0;
        }
    }
}
