using System.Runtime.InteropServices;

namespace KdService.Text.Tokenizers;

/// <summary>The tokens of one text, without those of a template.</summary>
public sealed class Pieces
{
    private readonly List<int> _ids = [];
    private readonly List<TextSpan> _offsets = [];

    /// <summary>How many there are.</summary>
    public int Count => _ids.Count;

    /// <summary>Token ids.</summary>
    public ReadOnlySpan<int> Ids => CollectionsMarshal.AsSpan(_ids);

    /// <summary>What each covers of the text.</summary>
    public ReadOnlySpan<TextSpan> Offsets => CollectionsMarshal.AsSpan(_offsets);

    internal void Add(int id, int start, int end)
    {
        _ids.Add(id);
        _offsets.Add(new TextSpan(start, end));
    }

    internal void Clear()
    {
        _ids.Clear();
        _offsets.Clear();
    }
}
