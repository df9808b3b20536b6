using KdService.Core.Plans.Robustness;
using KdService.Distillation.Data;
using static TorchSharp.torch;

namespace KdService.Distillation.Evaluation.Robustness;

/// <summary>
/// Runs hotflip: replaces whole words of one token by others. Special tokens, padding and pieces of words are never touched, and
/// only plain words, which read back as the one token that they are, are put in.
/// </summary>
internal sealed class WordFlipper : IDisposable
{
    private readonly HotFlip _attack;
    private readonly TextVictim _victim;
    private readonly int[] _candidates;
    private readonly Tensor _embeddings;
    private readonly Tensor _directions;

    /// <summary>Prepares an attack.</summary>
    public WordFlipper(HotFlip attack, TextVictim victim)
    {
        (_attack, _victim) = (attack, victim);
        _candidates = [.. Enumerable.Range(0, victim.Tokenizer.Vocabulary.Count).Where(IsCandidate)];
        using var scope = NewDisposeScope();
        _embeddings = victim.Embeddings[tensor(_candidates.Select(id => (long)id).ToArray(), device: victim.Embeddings.device)].to(float32).DetachFromDisposeScope();
        _directions = Directions(_embeddings).DetachFromDisposeScope();
    }

    /// <summary>The tokens that may be put in.</summary>
    public IReadOnlyList<int> Candidates => _candidates;

    /// <summary>Attacks a text that the network is right about.</summary>
    public TextOutcome Attack(ReadText text, int label)
    {
        var first = TokenSet.Segmented(text.Encoded).First;
        var places = Places(text);
        List<Flipped> beam = [new(text.Encoded.Ids, new Dictionary<int, string>(), 0)];
        var (queries, top) = (1, label);
        for (var step = 0; step < _attack.Most(text.Words.Count); step++)
        {
            var (flips, hasGradient) = Flips(beam, first, places, label);
            queries += beam.Count;
            if (!hasGradient) return new TextOutcome(Fooled: false, top, queries, beam[0].Written, HasGradient: false);
            if (flips.Count == 0) break;
            var answers = _victim.Ask([.. flips.Select(flip => (flip.Tokens, first))], label);
            queries += flips.Count;
            var tried = flips.Zip(answers, (flip, answer) => (Flip: flip with { Loss = answer.Loss }, answer.Top)).OrderByDescending(tried => tried.Flip.Loss).ToList();
            if (tried.FirstOrDefault(tried => tried.Top != label) is { Flip: { } fooling } found) return new TextOutcome(Fooled: true, found.Top, queries, fooling.Written);
            beam = [.. tried.Take(_attack.Beam).Select(tried => tried.Flip)];
        }
        return new TextOutcome(Fooled: false, top, queries, beam[0].Written);
    }

    /// <summary>Places of the tokens that may be replaced, and the word that each is.</summary>
    public IReadOnlyList<(int Token, int Word)> Places(ReadText text)
    {
        var words = text.Words.Index().ToDictionary(word => word.Item, word => word.Index);
        List<(int, int)> places = [];
        for (var token = 0; token < text.Encoded.Length; token++)
        {
            if (text.Encoded.IsSpecial(token) || !words.TryGetValue((text.Encoded.SequenceIds[token], text.Encoded.Offsets[token]), out var word)) continue;
            if (Words.IsPlain(text.Word(word)) && !IsKept(text.Word(word)) && Reads(text.Word(word), text.Encoded.Ids[token])) places.Add((token, word));
        }
        return places;
    }

    /// <summary>
    /// How much the loss rises, to first order, when the word at each place becomes each candidate, <c>[places, candidates]</c>:
    /// <c>gradient . (embedding of the candidate - embedding of the word)</c>.
    /// </summary>
    /// <param name="gradient">With respect to the embeddings at the places, <c>[places, hidden]</c>.</param>
    /// <param name="words">The embeddings there, <c>[places, hidden]</c>.</param>
    public Tensor Gains(Tensor gradient, Tensor words)
    {
        using var scope = NewDisposeScope();
        return (gradient.mm(_embeddings.t()) - (gradient * words).sum(1, keepdim: true)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _embeddings.Dispose();
        _directions.Dispose();
    }

    // The most promising texts that differ from one of the beam by a word, and whether gradients show any way.
    private (List<Flipped> Flips, bool HasGradient) Flips(List<Flipped> beam, int first, IReadOnlyList<(int Token, int Word)> places, int label)
    {
        using var scope = NewDisposeScope();
        var gradients = _victim.Gradient([.. beam.Select(text => (text.Tokens, first))], label);
        if (gradients.abs().sum().item<float>() is 0 or float.NaN or float.PositiveInfinity) return ([], false);
        List<(double Gain, Flipped Text, (int Token, int Word) Place, int Candidate)> best = [];
        foreach (var (index, text) in beam.Index())
        {
            // Each word is replaced once.
            var left = places.Where(place => !text.Written.ContainsKey(place.Word)).ToArray();
            if (left.Length == 0 || _candidates.Length == 0) continue;
            var at = tensor(left.Select(place => (long)place.Token).ToArray(), device: gradients.device);
            var words = _victim.Embeddings[tensor(left.Select(place => (long)text.Tokens[place.Token]).ToArray(), device: gradients.device)].to(float32);
            var gains = Gains(gradients[index][at], words);
            foreach (var (row, place) in left.Index())
                if (Array.BinarySearch(_candidates, text.Tokens[place.Token]) is >= 0 and var same) gains[row, same].fill_(float.NegativeInfinity);
            if (_attack.MinSimilarity is { } least) gains.masked_fill_(Directions(words).mm(_directions.t()) < least, float.NegativeInfinity);
            var (values, indices) = gains.flatten().topk((int)Math.Min(_attack.Candidates, gains.numel()));
            foreach (var (gain, flat) in values.cpu().data<float>().Zip(indices.cpu().data<long>()))
                if (!float.IsNegativeInfinity(gain)) best.Add((gain, text, left[flat / _candidates.Length], _candidates[flat % _candidates.Length]));
        }
        var flips = best.OrderByDescending(flip => flip.Gain).Select(flip => flip.Text.With(flip.Place, flip.Candidate, _victim.Tokenizer.Decode([flip.Candidate]).Trim()));
        return ([.. flips.DistinctBy(flip => string.Join(' ', flip.Tokens)).Take(_attack.Candidates)], true);
    }

    private bool IsCandidate(int id)
    {
        var word = _victim.Tokenizer.Decode([id]).Trim();
        return Words.IsPlain(word) && !IsKept(word) && Reads(word, id);
    }

    private bool IsKept(string word) => _attack.KeepStopWords && StopWords.Contains(word);

    private bool Reads(string word, int id) => _victim.Tokenizer.Split($" {word}") is { Count: 1 } pieces && pieces.Ids[0] == id;

    private static Tensor Directions(Tensor embeddings) => embeddings / embeddings.norm(1, keepdim: true).clamp(min: 1e-12);

    private sealed record Flipped(int[] Tokens, IReadOnlyDictionary<int, string> Written, double Loss)
    {
        public Flipped With((int Token, int Word) place, int candidate, string word)
        {
            int[] tokens = [.. Tokens];
            tokens[place.Token] = candidate;
            return new Flipped(tokens, new Dictionary<int, string>(Written) { [place.Word] = word }, Loss);
        }
    }
}
