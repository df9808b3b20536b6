using System.Globalization;

namespace KdService.Text.Tasks;

/// <summary>The classes of a task: class i is called <c>Names[i]</c> and written <c>Spellings[i]</c> in its files and in submissions.</summary>
public sealed class LabelSet
{
    private readonly Dictionary<string, int> _classes;

    /// <summary>Classes whose names are what files have.</summary>
    public LabelSet(params IReadOnlyList<string> names) : this(names, names)
    {
    }

    /// <summary>Classes that files spell otherwise than they are called.</summary>
    /// <exception cref="ArgumentException">There is none, a spelling comes twice, or the numbers differ.</exception>
    public LabelSet(IReadOnlyList<string> names, IReadOnlyList<string> spellings)
    {
        if (names.Count == 0 || names.Count != spellings.Count) throw new ArgumentException($"{names.Count} names and {spellings.Count} spellings given; one of each for every class", nameof(names));
        (Names, Spellings) = (names, spellings);
        _classes = [];
        for (var i = 0; i < names.Count; i++)
        {
            if (!_classes.TryAdd(spellings[i], i)) throw new ArgumentException($"label '{spellings[i]}' given twice; each once is right", nameof(names));
        }
    }

    /// <summary>What classes are called.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>What files and submissions have for them.</summary>
    public IReadOnlyList<string> Spellings { get; }

    /// <summary>How many classes there are.</summary>
    public int Count => Names.Count;

    /// <summary>The class of a spelling, or null where it is none of these.</summary>
    public int? ClassOf(string spelling) => _classes.TryGetValue(spelling, out var known) ? known : null;

    /// <summary>Classes that files write as 0, 1, 2.</summary>
    public static LabelSet Numbered(params IReadOnlyList<string> names) => new(names, [.. Enumerable.Range(0, names.Count).Select(i => i.ToString(CultureInfo.InvariantCulture))]);
}
