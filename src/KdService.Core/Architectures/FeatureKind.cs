namespace KdService.Core.Architectures;

/// <summary>What a feature of one sample is.</summary>
public enum FeatureKind
{
    /// <summary>A vector, <c>[channels]</c>.</summary>
    Vector,

    /// <summary>A map, <c>[channels, height, width]</c>.</summary>
    Map,

    /// <summary>A state for each token of a text, <c>[length, width]</c>.</summary>
    States,

    /// <summary>Attention scores before their softmax, of each token of a text for each, <c>[heads, length, length]</c>.</summary>
    Scores,
}
