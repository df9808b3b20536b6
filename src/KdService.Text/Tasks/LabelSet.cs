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

    /// <summary>
    /// The classes of labels as they are found in a file: whole numbers from 0 make as many classes as the largest says, anything else
    /// a class per name, in ordinal order.
    /// </summary>
    /// <exception cref="ArgumentException">There is none, or numbers leave more than half of the classes without an example.</exception>
    public static LabelSet Of(IEnumerable<string> labels)
    {
        var distinct = labels.Distinct().Order(StringComparer.Ordinal).ToArray();
        var numbers = distinct.Select(label => int.TryParse(label, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number.ToString(CultureInfo.InvariantCulture) == label ? number : -1).ToArray();
        if (distinct.Length == 0 || numbers.Contains(-1)) return new LabelSet(distinct);
        if (numbers.Max() >= 2 * distinct.Length) throw new ArgumentException($"labels are {distinct.Length} numbers up to {numbers.Max()}; numbers from 0 on are right, or names", nameof(labels));
        return Numbered([.. Enumerable.Range(0, numbers.Max() + 1).Select(number => number.ToString(CultureInfo.InvariantCulture))]);
    }

    /// <summary>
    /// What a network trained on these classes answers in the classes of another set: the class of the same name, and where only the
    /// other set is two-way entailment, entailment for entailment and its opposite for anything else.
    /// </summary>
    /// <returns>The other set's class for each of these, or null where names do not say.</returns>
    public IReadOnlyList<int>? MapTo(LabelSet other)
    {
        var map = Names.Select(name => other.Names.Index().Where(label => Same(label.Item, name)).Select(label => label.Index).FirstOrDefault(-1)).ToArray();
        if (!map.Contains(-1)) return map;
        if (other.Count != 2 || other.Names.Index().Where(label => IsEntailment(label.Item)).Select(label => label.Index).FirstOrDefault(-1) is not (>= 0 and var entailment) || !Names.Any(IsEntailment)) return null;
        return [.. Names.Select(name => IsEntailment(name) ? entailment : 1 - entailment)];

        static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
        static bool IsEntailment(string name) => Same(name, "entailment") || Same(name, "entails");
    }
}
