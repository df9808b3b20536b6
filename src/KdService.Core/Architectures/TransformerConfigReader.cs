using System.Globalization;
using System.Text.Json;
using KdService.Core.Datasets;
using KdService.Core.Schema;

namespace KdService.Core.Architectures;

/// <summary>Reads a Hugging Face <c>config.json</c>, and notes every field that asks for what is not served.</summary>
internal sealed class TransformerConfigReader(JsonElement root, ProblemList problems)
{
    // Hugging Face's names of the fields, DistilBERT's and the others'.
    private static readonly (string Hidden, string Layers, string Heads, string Inner, string Activation) Usual =
        ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act");

    private static readonly (string Hidden, string Layers, string Heads, string Inner, string Activation) OfDistilBert =
        ("dim", "n_layers", "n_heads", "hidden_dim", "activation");

    private static readonly Dictionary<string, TransformerFamily> Families = new()
    {
        ["bert"] = TransformerFamily.Bert,
        ["roberta"] = TransformerFamily.Roberta,
        ["distilbert"] = TransformerFamily.DistilBert,
    };

    private readonly int _earlier = problems.Items.Count;

    /// <summary>The config; null if it is not served.</summary>
    public TransformerConfig? Read()
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            problems.Add("", $"{root.ValueKind} given; an object is right");
            return null;
        }
        if (!Families.TryGetValue(Text("model_type") ?? "", out var family))
        {
            problems.Add("/model_type", $"{Given("model_type")}; {string.Join(", ", Families.Keys)} are served");
            return null;
        }
        var names = family == TransformerFamily.DistilBert ? OfDistilBert : Usual;
        var (hidden, layers, vocabulary) = (Number(names.Hidden), Number(names.Layers), Number("vocab_size"));
        if (hidden is not { } width || layers is not { } depth || vocabulary is not { } entries) return null;
        if (width < Transformer.HeadWidth || width > Transformers.WidestHidden || width % Transformer.HeadWidth != 0)
            problems.Add($"/{names.Hidden}", $"{width} given; a multiple of {Transformer.HeadWidth} up to {Transformers.WidestHidden} is served");
        if (depth is < 1 or > Transformers.MostLayers) problems.Add($"/{names.Layers}", $"{depth} given; 1 to {Transformers.MostLayers} are served");
        if (entries < 1) problems.Add("/vocab_size", $"{entries} given; a number from 1 up is right");
        var size = new Transformer(family, depth, width);
        Require(names.Heads, size.Heads);
        Require(names.Inner, size.Inner);
        Require("max_position_embeddings", size.Positions);
        if (size.Family != TransformerFamily.DistilBert) Require("type_vocab_size", size.Segments);
        RequireIfGiven("pad_token_id", size.PaddingToken);
        RequireIfGiven("layer_norm_eps", size.NormEpsilon);
        if (Text(names.Activation) is var activation and not "gelu") problems.Add($"/{names.Activation}", $"{Given(names.Activation)}; gelu is served");
        if (Text("position_embedding_type") is var positions and not (null or "absolute")) problems.Add("/position_embedding_type", $"{Given("position_embedding_type")}; absolute is served");
        if (IsGivenAs("is_decoder", JsonValueKind.True)) problems.Add("/is_decoder", "true given; encoders are served");
        var (labels, head) = (Labels(), Head());
        return problems.Items.Count > _earlier
            ? null
            : new TransformerConfig(size, entries) { Labels = labels, Target = head ?? Target.Class, ServesHead = head is not null, TiesWords = !IsGivenAs("tie_word_embeddings", JsonValueKind.False) };
    }

    // Null for a head that is for something else, such as a class for every token: its tensors may have the names of one that is served.
    private Target? Head()
    {
        var models = Models();
        if (models.Exists(name => name.EndsWith("ForQuestionAnswering", StringComparison.Ordinal))) return Target.Span;
        var problem = Text("problem_type");
        if (problem is null && root.TryGetProperty("problem_type", out var given) && given.ValueKind != JsonValueKind.Null || problem is not (null or TransformerConfig.Regression or "single_label_classification" or "multi_label_classification"))
            problems.Add("/problem_type", $"{Given("problem_type")}; single_label_classification or regression is right");
        return problem == "multi_label_classification" || (models.Count > 0 && !models.Exists(name => name.EndsWith("ForSequenceClassification", StringComparison.Ordinal))) ? null
            : problem == TransformerConfig.Regression ? Target.Value
            : Target.Class;
    }

    private List<string> Models()
    {
        if (!root.TryGetProperty("architectures", out var given) || given.ValueKind == JsonValueKind.Null) return [];
        if (given.ValueKind == JsonValueKind.Array && given.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String)) return [.. given.EnumerateArray().Select(name => name.GetString()!)];
        problems.Add("/architectures", $"{Given("architectures")}; a list of names such as \"BertForSequenceClassification\" is right");
        return [];
    }

    private List<string> Labels()
    {
        if (!root.TryGetProperty("id2label", out var given) || given.ValueKind != JsonValueKind.Object) return [];
        var labels = new SortedDictionary<int, string>();
        foreach (var label in given.EnumerateObject())
        {
            if (!int.TryParse(label.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || label.Value.ValueKind != JsonValueKind.String)
                problems.Add("/id2label", $"{label} given; numbers from 0 up as keys and names as values are right");
            else labels[id] = label.Value.GetString()!;
        }
        if (!labels.Keys.SequenceEqual(Enumerable.Range(0, labels.Count))) problems.Add("/id2label", $"keys {string.Join(", ", labels.Keys)} given; 0 to {labels.Count - 1} are right");
        foreach (var (id, label) in labels.Where(label => string.IsNullOrWhiteSpace(label.Value))) problems.Add($"/id2label/{id}", $"\"{label}\" given; a name is right");
        foreach (var same in labels.GroupBy(label => label.Value, label => label.Key).Where(same => same.Count() > 1))
            problems.Add("/id2label", $"\"{same.Key}\" given for {string.Join(" and ", same)}; each class has a name of its own");
        RequireInverse(labels);
        return [.. labels.Values];
    }

    private void RequireInverse(SortedDictionary<int, string> labels)
    {
        if (!root.TryGetProperty("label2id", out var given) || given.ValueKind != JsonValueKind.Object) return;
        foreach (var label in given.EnumerateObject())
        {
            if (label.Value.ValueKind != JsonValueKind.Number || !label.Value.TryGetInt32(out var id) || labels.GetValueOrDefault(id) != label.Name)
                problems.Add("/label2id", $"{label} given, which id2label has not; the same names and numbers as in id2label, or leave label2id out");
        }
    }

    private void Require(string name, int right)
    {
        if (Number(name) is { } given && given != right) problems.Add($"/{name}", $"{given} given; {right} is served for this size");
    }

    private void RequireIfGiven(string name, double right)
    {
        if (!root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return;
        if (value.ValueKind != JsonValueKind.Number || value.GetDouble() != right) problems.Add($"/{name}", string.Create(CultureInfo.InvariantCulture, $"{value} given; {right} is served"));
    }

    private int? Number(string name)
    {
        if (root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)) return number;
        problems.Add($"/{name}", $"{Given(name)}; a whole number is right");
        return null;
    }

    private string? Text(string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private bool IsGivenAs(string name, JsonValueKind kind) => root.TryGetProperty(name, out var value) && value.ValueKind == kind;

    private string Given(string name) => root.TryGetProperty(name, out var value) ? $"{value.GetRawText()} given" : "missing";
}
