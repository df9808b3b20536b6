using System.Collections.Frozen;

namespace KdService.Text.Tokenizers;

/// <summary>Tokens numbered from 0.</summary>
public sealed class Vocabulary
{
    private readonly string[] _tokens;
    private readonly FrozenDictionary<string, int> _ids;

    /// <summary>The tokens in the order of their ids.</summary>
    /// <exception cref="ArgumentException">A token comes twice.</exception>
    public Vocabulary(IEnumerable<string> tokens)
    {
        _tokens = [.. tokens];
        var ids = new Dictionary<string, int>(_tokens.Length, StringComparer.Ordinal);
        for (var id = 0; id < _tokens.Length; id++)
        {
            if (!ids.TryAdd(_tokens[id], id)) throw new ArgumentException($"token {id} is '{_tokens[id]}', as token {ids[_tokens[id]]} is; each once is right", nameof(tokens));
        }
        _ids = ids.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>How many tokens there are.</summary>
    public int Count => _tokens.Length;

    /// <summary>All tokens in the order of their ids.</summary>
    public IReadOnlyList<string> Tokens => _tokens;

    /// <summary>The token of an id.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public string this[int id] => (uint)id < (uint)_tokens.Length
        ? _tokens[id]
        : throw new ArgumentOutOfRangeException(nameof(id), $"token id {id} given; ids of this vocabulary are 0 to {_tokens.Length - 1}");

    /// <summary>The id of a token, or null where it is none of these.</summary>
    public int? IdOf(string token) => _ids.TryGetValue(token, out var id) ? id : null;

    /// <summary>Whether both have the same tokens under the same ids.</summary>
    public bool Matches(Vocabulary other) => _tokens.AsSpan().SequenceEqual(other._tokens);
}
