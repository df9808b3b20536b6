using System.Globalization;
using System.Text.RegularExpressions;
using KdService.Core.Datasets;
using static KdService.Core.Architectures.TransformerFamily;

namespace KdService.Core.Architectures;

/// <summary>
/// BERT, RoBERTa and DistilBERT with a head for what the data ask for: the published sizes by name, any other by the pattern
/// <c>bert-l4-h256</c>, <c>roberta-l4-h256</c>, <c>distilbert-l4-h256</c> (layers, hidden width).
/// </summary>
public static partial class Transformers
{
    /// <summary>The most layers that the pattern serves.</summary>
    public const int MostLayers = 48;

    /// <summary>The widest hidden states that the pattern serves.</summary>
    public const int WidestHidden = 2048;

    /// <summary>The published sizes: of Turc et al. 2019 (arXiv:1908.08962) up to medium, and of each family's own paper.</summary>
    public static IReadOnlyDictionary<string, Transformer> Named { get; } = new Dictionary<string, Transformer>
    {
        ["bert-tiny"] = new(Bert, 2, 128),
        ["bert-mini"] = new(Bert, 4, 256),
        ["bert-small"] = new(Bert, 4, 512),
        ["bert-medium"] = new(Bert, 8, 512),
        ["bert-base"] = new(Bert, 12, 768),
        ["bert-large"] = new(Bert, 24, 1024),
        ["roberta-base"] = new(Roberta, 12, 768),
        ["roberta-large"] = new(Roberta, 24, 1024),
        ["distilroberta"] = new(Roberta, 6, 768),
        ["distilbert"] = new(DistilBert, 6, 768),
    };

    /// <summary>Every transformer that has a name of its own.</summary>
    public static IEnumerable<Architecture> All => Named.Select(named => Describe(named.Key, named.Value));

    /// <summary>The size that a name or a pattern stands for; null if it is neither.</summary>
    public static Transformer? Size(string name)
    {
        if (Named.TryGetValue(name, out var named)) return named;
        if (Pattern().Match(name) is not { Success: true } match) return null;
        var (layers, hidden) = (Number("layers"), Number("hidden"));
        var fits = layers is >= 1 and <= MostLayers && hidden is >= Transformer.HeadWidth and <= WidestHidden && hidden % Transformer.HeadWidth == 0;
        return fits ? new(Enum.Parse<TransformerFamily>(match.Groups["family"].Value, ignoreCase: true), layers, hidden) : null;

        int Number(string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);
    }

    /// <summary>The name of a size: its own where it has one.</summary>
    public static string NameOf(Transformer transformer) =>
        Named.FirstOrDefault(named => named.Value == transformer).Key ?? $"{transformer.Encoder}-l{transformer.Layers}-h{transformer.Hidden}";

    /// <summary>Finds a transformer by name or by pattern; null if there is none.</summary>
    public static Architecture? Find(string name) => Size(name) is { } size ? Describe(name, size) : null;

    private static Architecture Describe(string name, Transformer size) => new(name, $"{size.Family} encoder", shape => Layers(size, shape), shape => Taps(size, shape))
    {
        Takes = InputKind.Text,
        LongestText = Transformer.LongestText,
    };

    private static List<Layer> Layers(Transformer size, DataShape shape)
    {
        var (hidden, length) = (size.Hidden, shape.Width);
        var norm = new Layer(2L * hidden, 0);
        List<Layer> layers = [new((long)hidden * (shape.Vocabulary + size.Positions + size.Segments), 0), norm];
        for (var layer = 0; layer < size.Layers; layer++)
        {
            var projection = Layer.Linear(hidden, hidden, length);
            // Scores of every token with every other, and the mean of the values that they weigh.
            var attention = new Layer(0, 2L * length * length * hidden);
            layers.AddRange([projection, projection, projection, attention, projection, norm, Layer.Linear(hidden, size.Inner, length), Layer.Linear(size.Inner, hidden, length), norm]);
        }
        if (shape.Target == Target.Span)
        {
            layers.Add(Layer.Linear(hidden, shape.Classes, length));
            return layers;
        }
        if (shape.Target == Target.Word)
        {
            // The last layer's weight is the word embeddings; its bias is its own.
            layers.AddRange([Layer.Linear(hidden, hidden, length), norm, new(shape.Vocabulary, (long)hidden * shape.Vocabulary * length)]);
            return layers;
        }
        // BERT's pooler, RoBERTa's dense layer, DistilBERT's pre-classifier.
        layers.AddRange([Layer.Linear(hidden, hidden), Layer.Linear(hidden, shape.Classes)]);
        return layers;
    }

    // For the longest texts of the data; a batch of shorter ones gives shorter features.
    private static List<Tap> Taps(Transformer size, DataShape shape)
    {
        int[] hidden = [shape.Width, size.Hidden];
        List<Tap> taps = [new(size.Embeddings, hidden) { Kind = FeatureKind.States }];
        for (var layer = 0; layer < size.Layers; layer++)
        {
            taps.Add(new(size.Scores(layer), [size.Heads, shape.Width, shape.Width]) { Kind = FeatureKind.Scores });
            taps.Add(new(size.Layer(layer), hidden, EndsStage: true) { Kind = FeatureKind.States });
        }
        taps.Add(shape.Target == Target.Span ? new(Tap.Embedding, hidden) { Kind = FeatureKind.States } : new(Tap.Embedding, [size.Hidden]));
        return taps;
    }

    [GeneratedRegex(@"\A(?<family>bert|roberta|distilbert)-l(?<layers>[1-9][0-9]{0,2})-h(?<hidden>[1-9][0-9]{1,4})\z")]
    private static partial Regex Pattern();
}
