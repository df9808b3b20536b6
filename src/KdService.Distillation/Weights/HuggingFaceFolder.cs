using System.Text.Json;
using KdService.Core.Architectures;
using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Distillation.Models.Text;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Weights;

/// <summary>A folder as Hugging Face's libraries save and load networks: <c>config.json</c>, <c>model.safetensors</c>, a tokenizer's files.</summary>
public static class HuggingFaceFolder
{
    private const string ConfigName = "config.json";
    private const string WeightsName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";

    /// <summary>Reads what network the folder holds.</summary>
    /// <exception cref="RunException">There is no config, or it asks for what is not served; the message lists all of that.</exception>
    public static TransformerConfig ReadConfig(string folder)
    {
        var path = Path.Combine(folder, ConfigName);
        if (!File.Exists(path)) throw new RunException(FailureCode.DataMissing, $"{path}: no such file");
        var problems = new ProblemList();
        return TransformerConfig.Parse(File.ReadAllBytes(path), problems)
            ?? throw new RunException(FailureCode.WeightsMismatch, $"{path}: {string.Join("; ", problems.Items)}");
    }

    /// <summary>Copies a folder's weights into a <see cref="TextNetwork"/> or a <see cref="MaskedLanguageModel"/>; all of them or none.</summary>
    /// <param name="network">The network, on whatever device.</param>
    /// <param name="folder">The folder. Its weights may be those of the encoder alone; then the head stays as it is.</param>
    /// <param name="encoderOnly">Whether the head stays as it is even if the folder has one: for another number of classes, say.</param>
    /// <exception cref="RunException">
    /// <see cref="FailureCode.WeightsMismatch"/>: the message lists every tensor that is missing, has no place or is of another shape.
    /// <see cref="FailureCode.DataMissing"/>: there are no weights, or none but a pickle. <see cref="FailureCode.DataCorrupt"/>: they cannot be read.
    /// </exception>
    public static LoadedWeights Load(Module network, string folder, bool encoderOnly = false)
    {
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        var prefix = Encoder(network);
        var given = WeightNames.Ours(ReadWeights(folder), prefix);
        var own = network.state_dict();
        var ignored = given.Keys.Where(name => !own.ContainsKey(name) && WeightNames.IsOfAnotherHead(name, prefix)
            || encoderOnly && !name.StartsWith($"{prefix}.", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        foreach (var name in ignored) given.Remove(name);
        // A head is a whole of its own: left out it stays fresh, left out in part it is a fault.
        var fresh = own.Keys.Where(name => WeightNames.IsHead(name, prefix)).GroupBy(WeightNames.Part)
            .Where(part => !part.Any(given.ContainsKey)).SelectMany(part => part).ToList();
        string[] problems =
        [
            .. own.Where(pair => !given.ContainsKey(pair.Key) && !fresh.Contains(pair.Key)).Select(pair => $"{pair.Key} {Shape(pair.Value)} is missing"),
            .. given.Where(pair => !own.ContainsKey(pair.Key)).Select(pair => $"{pair.Key} {Shape(pair.Value)} has no place"),
            .. own.Where(pair => given.TryGetValue(pair.Key, out var value) && !value.shape.SequenceEqual(pair.Value.shape))
                .Select(pair => $"{pair.Key} is {Shape(given[pair.Key])}; {Shape(pair.Value)} is right"),
        ];
        if (problems.Length > 0)
            throw new RunException(FailureCode.WeightsMismatch, $"{folder}: the weights do not fit this {network.GetName()}: {string.Join("; ", problems)}");
        foreach (var (name, value) in given) own[name].copy_(value);
        return new LoadedWeights(fresh, ignored);
    }

    /// <summary>Writes a folder that <c>transformers</c> loads.</summary>
    /// <param name="folder">The folder; made where it is not there yet.</param>
    /// <param name="network">The network.</param>
    /// <param name="config">What its <c>config.json</c> says.</param>
    /// <param name="tokenizer">The tokenizer's files by name: <c>vocab.txt</c>, <c>tokenizer_config.json</c> and their like.</param>
    /// <exception cref="RunException"><see cref="FailureCode.DiskFull"/>.</exception>
    public static void Write(string folder, TextNetwork network, TransformerConfig config, IReadOnlyDictionary<string, byte[]> tokenizer)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.Write(Path.Combine(folder, ConfigName), stream => stream.Write(config.ToJson()));
        foreach (var (name, bytes) in tokenizer) AtomicFile.Write(Path.Combine(folder, name), stream => stream.Write(bytes));
        // transformers reads no file that does not say which library's tensors it holds.
        WeightsFile.Save(network, Path.Combine(folder, WeightsName), new Dictionary<string, string> { ["format"] = "pt" });
    }

    private static string Encoder(Module network) => network switch
    {
        TextNetwork reader => reader.Size.Encoder,
        MaskedLanguageModel generator => generator.Size.Encoder,
        _ => throw new ArgumentException($"{network.GetName()} given; a network that reads texts is right", nameof(network)),
    };

    private static Dictionary<string, Tensor> ReadWeights(string folder)
    {
        var (whole, index) = (Path.Combine(folder, WeightsName), Path.Combine(folder, IndexName));
        if (File.Exists(whole)) return Safetensors.Read(whole).Tensors;
        if (!File.Exists(index)) throw new RunException(FailureCode.DataMissing, NoWeights(folder, whole));
        var tensors = new Dictionary<string, Tensor>();
        foreach (var shard in Shards(index))
        {
            foreach (var (name, tensor) in Safetensors.Read(Path.Combine(folder, shard)).Tensors)
            {
                if (!tensors.TryAdd(name, tensor)) throw new RunException(FailureCode.DataCorrupt, $"{index}: {name} is in more than one file");
            }
        }
        return tensors;
    }

    private static List<string> Shards(string index)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(index));
            var files = document.RootElement.GetProperty("weight_map").EnumerateObject().Select(entry => entry.Value.GetString()!).Distinct().ToList();
            // A name, not a way out of the folder.
            return files.TrueForAll(file => Path.GetFileName(file) == file && file.Length > 0) ? files : throw new FormatException("weight_map names files of other folders");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new RunException(FailureCode.DataCorrupt, $"{index}: {e.Message}", e);
        }
    }

    private static string NoWeights(string folder, string whole)
    {
        var pickle = Directory.Exists(folder) ? Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal)
            .FirstOrDefault(name => Path.GetExtension(name) is ".bin" or ".pt" or ".pth" or ".ckpt" or ".pkl") : null;
        return pickle is null
            ? $"{whole}: no such file"
            : $"{whole}: no such file; {pickle} is a pickle, and reading one runs whatever code it holds. Where you trust it, convert it: "
                + $"python3 -c \"import torch; from safetensors.torch import save_file; save_file({{k: v.clone() for k, v in torch.load('{pickle}', map_location='cpu').items()}}, '{WeightsName}', {{'format': 'pt'}})\"";
    }

    private static string Shape(Tensor tensor) => $"[{string.Join(", ", tensor.shape)}]";
}

/// <summary>What became of a folder's weights.</summary>
/// <param name="Fresh">Tensors of the network's head that the folder has not: they are as they were.</param>
/// <param name="Ignored">Tensors of the folder that the network has no use for: of other heads, and what is no weight.</param>
public sealed record LoadedWeights(IReadOnlyList<string> Fresh, IReadOnlyList<string> Ignored);
