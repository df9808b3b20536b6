using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Weights;

namespace KdService.Tests;

/// <summary>Hugging Face folders of small networks, written without libtorch: their weights are zeros.</summary>
internal static class SmallFolder
{
    /// <summary>Writes a folder.</summary>
    /// <param name="folder">Where to; made if need be.</param>
    /// <param name="architecture">The network.</param>
    /// <param name="classes">Classes of its head.</param>
    /// <param name="words">Words of its vocabulary besides the special tokens; those of the phrases when null.</param>
    /// <param name="target">What its head predicts: a class, or words.</param>
    /// <param name="tensors">Changes what is written, by name; a shape of null leaves a tensor out.</param>
    public static string Write(string folder, string architecture = "bert-l1-h64", int classes = 3, int? words = null, Target target = Target.Class, Dictionary<string, long[]?>? tensors = null)
    {
        string[] tokens = words is { } count
            ? ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", .. Enumerable.Range(0, count).Select(word => $"w{word}")]
            : [.. PhraseWords.Vocabulary];
        var size = Transformers.Size(architecture)!;
        var config = new TransformerConfig(size, tokens.Length) { Target = target == Target.Word ? Target.Class : target, Labels = classes == 3 ? ["negative", "neutral", "positive"] : [.. Enumerable.Range(0, classes).Select(id => $"LABEL_{id}")] };
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "config.json"), config.ToJson());
        File.WriteAllText(Path.Combine(folder, "vocab.txt"), string.Concat(tokens.Select(token => token + "\n")));
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{"tokenizer_class": "BertTokenizer", "do_lower_case": true, "model_max_length": 512}""");
        var weights = TransformerWeights.Of(size, tokens.Length, target, classes).ToDictionary(weight => weight.Key, long[]? (weight) => weight.Value);
        foreach (var (name, shape) in tensors ?? []) weights[name] = shape;
        WriteZeros(Path.Combine(folder, "model.safetensors"), weights.Where(weight => weight.Value is not null).Select(weight => (weight.Key, "F32", weight.Value!)));
        return folder;
    }

    /// <summary>Writes tensors of zeros.</summary>
    public static void WriteZeros(string path, IEnumerable<(string, string, long[])> tensors)
    {
        var header = SafetensorsHeader.For(tensors, new Dictionary<string, string> { ["format"] = "pt" });
        var json = header.ToJson();
        using var file = File.Create(path);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        file.Write(length);
        file.Write(json);
        file.SetLength(file.Length + header.Entries[^1].End);
    }

    /// <summary>Changes a field of a folder's config.</summary>
    public static void Configure(string folder, string field, JsonNode? value)
    {
        var path = Path.Combine(folder, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        config[field] = value;
        File.WriteAllText(path, config.ToJsonString(), new UTF8Encoding(false));
    }
}
