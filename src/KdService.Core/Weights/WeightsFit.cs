namespace KdService.Core.Weights;

/// <summary>How the weights of a Hugging Face folder fit a network, by names and shapes alone.</summary>
/// <param name="Problems">Every tensor that is missing, has no place or is of another shape.</param>
/// <param name="Fresh">Weights of the network's head that the folder has not.</param>
/// <param name="Ignored">Tensors of the folder that the network has no use for: of other heads, and what is no weight.</param>
public sealed record WeightsFit(IReadOnlyList<string> Problems, IReadOnlyList<string> Fresh, IReadOnlyList<string> Ignored)
{
    /// <summary>Compares shapes.</summary>
    /// <param name="given">The folder's tensors, under today's names (<see cref="WeightNames.Ours"/>).</param>
    /// <param name="own">The network's.</param>
    /// <param name="encoder">The encoder's module, e.g. <c>bert</c>.</param>
    /// <param name="encoderOnly">Whether the folder's head is ignored.</param>
    public static WeightsFit Of(IReadOnlyDictionary<string, long[]> given, IReadOnlyDictionary<string, long[]> own, string encoder, bool encoderOnly = false)
    {
        var ignored = given.Keys.Where(name => (!own.ContainsKey(name) && WeightNames.IsOfAnotherHead(name, encoder))
            || (encoderOnly && !name.StartsWith($"{encoder}.", StringComparison.Ordinal))).ToHashSet();
        var used = given.Where(tensor => !ignored.Contains(tensor.Key)).ToDictionary();
        // A head is a whole of its own: left out it stays fresh, left out in part it is a fault.
        var fresh = own.Keys.Where(name => WeightNames.IsHead(name, encoder)).GroupBy(WeightNames.Part)
            .Where(part => !part.Any(used.ContainsKey)).SelectMany(part => part).ToList();
        string[] problems =
        [
            .. own.Where(pair => !used.ContainsKey(pair.Key) && !fresh.Contains(pair.Key)).Select(pair => $"{pair.Key} {InWords(pair.Value)} is missing"),
            .. used.Where(pair => !own.ContainsKey(pair.Key)).Select(pair => $"{pair.Key} {InWords(pair.Value)} has no place"),
            .. own.Where(pair => used.TryGetValue(pair.Key, out var shape) && !shape.SequenceEqual(pair.Value))
                .Select(pair => $"{pair.Key} is {InWords(used[pair.Key])}; {InWords(pair.Value)} is right"),
        ];
        return new WeightsFit(problems, fresh, [.. ignored.Order(StringComparer.Ordinal)]);
    }

    private static string InWords(long[] shape) => $"[{string.Join(", ", shape)}]";
}
