namespace KdService.Core.Weights;

/// <summary>The names that Hugging Face's models give their weights, old ones included.</summary>
public static class WeightNames
{
    // What encoders alone are saved without.
    private static readonly string[] OfEncoders = ["embeddings.", "encoder.", "transformer.", "pooler."];

    // The heads of the three families' models.
    private static readonly string[] OfHeads =
        ["cls.", "lm_head.", "vocab_transform.", "vocab_layer_norm.", "vocab_projector.", "classifier.", "pre_classifier.", "qa_outputs."];

    /// <summary>The tensors under today's names, the encoder's with its prefix.</summary>
    /// <param name="given">The tensors of a file.</param>
    /// <param name="encoder">The encoder's module, e.g. <c>bert</c>.</param>
    public static Dictionary<string, T> Ours<T>(IReadOnlyDictionary<string, T> given, string encoder)
    {
        var bare = !given.Keys.Any(name => name.StartsWith($"{encoder}.", StringComparison.Ordinal));
        return given.ToDictionary(pair => Ours(pair.Key, encoder, bare), pair => pair.Value);
    }

    /// <summary>Whether a weight belongs to the head of a network: to what it does not share with networks for other tasks.</summary>
    public static bool IsHead(string name, string encoder) =>
        !name.StartsWith($"{encoder}.", StringComparison.Ordinal) || name.StartsWith($"{encoder}.pooler.", StringComparison.Ordinal);

    /// <summary>Whether a tensor is no weight of an encoder: of a head, or a buffer of positions that files used to hold.</summary>
    public static bool IsOfAnotherHead(string name, string encoder) =>
        name.StartsWith($"{encoder}.pooler.", StringComparison.Ordinal)
        || OfHeads.Any(head => name.StartsWith(head, StringComparison.Ordinal))
        || name is var buffer && (buffer == $"{encoder}.embeddings.position_ids" || buffer == $"{encoder}.embeddings.token_type_ids");

    /// <summary>The part of a head that a weight belongs to: the pooler, or all else.</summary>
    public static string Part(string name) => name.Contains(".pooler.", StringComparison.Ordinal) ? "pooler" : "";

    // TensorFlow called the weight of a norm gamma and its bias beta; some files still do.
    private static string Ours(string name, string encoder, bool bare)
    {
        if (name.EndsWith("LayerNorm.gamma", StringComparison.Ordinal)) name = $"{name[..^"gamma".Length]}weight";
        else if (name.EndsWith("LayerNorm.beta", StringComparison.Ordinal)) name = $"{name[..^"beta".Length]}bias";
        return bare && OfEncoders.Any(part => name.StartsWith(part, StringComparison.Ordinal)) ? $"{encoder}.{name}" : name;
    }
}
