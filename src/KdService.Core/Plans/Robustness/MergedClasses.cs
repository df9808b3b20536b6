using KdService.Core.Schema;

namespace KdService.Core.Plans.Robustness;

/// <summary>
/// The classes that a data set's labels and a network's classes have in common. What a label may mean is one with it, so that
/// three-way inference answers a two-way question; a class that no label means is always wrong.
/// </summary>
/// <param name="OfLabels">The common class of each label.</param>
/// <param name="OfClasses">The common class of each of the network's classes; <see cref="Count"/> for one that no label means.</param>
/// <param name="Count">Common classes.</param>
public sealed record MergedClasses(IReadOnlyList<int> OfLabels, IReadOnlyList<int> OfClasses, int Count)
{
    private const char Separator = '|';

    /// <summary>Merges labels and classes as a map says, or as their names do where none is given.</summary>
    /// <param name="labels">The data set's labels.</param>
    /// <param name="classes">The network's classes.</param>
    /// <param name="map">The classes that each label means; empty to go by the names.</param>
    /// <param name="problems">Takes what does not fit, pointers beginning with <c>/labels</c>.</param>
    /// <returns>Null where problems were noted.</returns>
    public static MergedClasses? Of(IReadOnlyList<string> labels, IReadOnlyList<string> classes, IReadOnlyDictionary<string, string> map, ProblemList problems)
    {
        var meanings = map.Count > 0 ? Read(labels, classes, map, problems) : ByName(labels, classes);
        if (meanings is null && map.Count == 0)
            problems.Add("/labels", $"missing; the labels {string.Join(", ", labels)} are not the job's classes {string.Join(", ", classes)}: say what each label means");
        if (meanings is null) return null;

        // Labels that share a class are one, and so are classes that share a label.
        int[] ofLabels = [.. Enumerable.Range(0, labels.Count)];
        foreach (var sharing in Enumerable.Range(0, classes.Count).Select(k => ofLabels.Index().Where(label => meanings[label.Index].Contains(k)).Select(label => label.Item).ToHashSet()))
        {
            if (sharing.Count > 0) ofLabels = [.. ofLabels.Select(merged => sharing.Contains(merged) ? sharing.Min() : merged)];
        }
        int[] kept = [.. ofLabels.Distinct().Order()];
        if (!problems.Require(kept.Length > 1 || labels.Count < 2, "/labels",
            $"all labels would mean the same, as those that share a class are one, and every answer would be right; labels {string.Join(", ", labels)} that share no class")) return null;
        ofLabels = [.. ofLabels.Select(merged => Array.IndexOf(kept, merged))];
        return new MergedClasses(ofLabels, [.. Enumerable.Range(0, classes.Count).Select(k => meanings.FindIndex(meant => meant.Contains(k)) is >= 0 and var label ? ofLabels[label] : kept.Length)], kept.Length);
    }

    private static List<HashSet<int>>? Read(IReadOnlyList<string> labels, IReadOnlyList<string> classes, IReadOnlyDictionary<string, string> map, ProblemList problems)
    {
        var before = problems.Items.Count;
        foreach (var (label, meant) in map)
        {
            var place = $"/labels/{JsonPointer.Escape(label)}";
            problems.Require(labels.Contains(label), place, $"no label of the data set, which has {string.Join(", ", labels)}");
            foreach (var name in meant.Split(Separator).Where(name => !classes.Contains(name)))
                problems.Add(place, $"\"{name}\" given; the job's classes are {string.Join(", ", classes)}");
        }
        var missing = labels.Where(label => !map.ContainsKey(label)).ToList();
        problems.Require(missing.Count == 0, "/labels", $"{string.Join(", ", missing)} missing; every label of the data set means something");
        return problems.Items.Count > before ? null : [.. labels.Select(label => map[label].Split(Separator).Select(name => classes.Index().First(known => known.Item == name).Index).ToHashSet())];
    }

    private static List<HashSet<int>>? ByName(IReadOnlyList<string> labels, IReadOnlyList<string> classes)
    {
        if (labels.All(label => classes.Any(name => Same(name, label)))) return Matching(Same);
        // Not entailed is not entailed, whether it contradicts or not.
        return labels.Count(IsEntailment) == 1 && classes.Count(IsEntailment) == 1 ? Matching((name, label) => IsEntailment(name) == IsEntailment(label)) : null;

        List<HashSet<int>> Matching(Func<string, string, bool> same) => [.. labels.Select(label => classes.Index().Where(known => same(known.Item, label)).Select(known => known.Index).ToHashSet())];
        static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
        static bool IsEntailment(string name) => Same(name, "entailment");
    }
}
