using System.Text.Json;
using KdService.Core.Schema;

namespace KdService.Text.Folders;

/// <summary>The files of a Hugging Face folder that are read; whatever else lies there is left alone.</summary>
public static class FolderFiles
{
    /// <summary>What network it is.</summary>
    public const string Config = "config.json";

    /// <summary>The weights in one file.</summary>
    public const string Weights = "model.safetensors";

    /// <summary>Which of several files holds which weights.</summary>
    public const string Index = "model.safetensors.index.json";

    private static readonly string[] OfTokenizers = ["vocab.txt", "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"];

    /// <summary>All of them, in words.</summary>
    public static string InWords { get; } = string.Join(", ", [Config, Weights, $"{Index} with its model-*.safetensors", .. OfTokenizers]);

    /// <summary>Whether a name, which is no path, is one of a file that is read.</summary>
    public static bool Knows(string name) => name is Config or Index || OfTokenizers.Contains(name) || IsWeights(name);

    /// <summary>Whether a file holds tensors, which need room; all others are texts of moderate length.</summary>
    public static bool IsWeights(string name) => Path.GetFileName(name) == name && Path.GetExtension(name) == ".safetensors";

    /// <summary>Whether a file is a pickle by its name.</summary>
    public static bool IsPickle(string name) => Path.GetExtension(name) is ".bin" or ".pt" or ".pth" or ".ckpt" or ".pkl";

    /// <summary>Why a pickle is refused, and how to convert it.</summary>
    public static string PickleRefusal(string name) =>
        $"{name} is a pickle, and reading one runs whatever code it holds. Where you trust it, convert it: "
        + $"python3 -c \"import torch; from safetensors.torch import save_file; save_file({{k: v.clone() for k, v in torch.load('{name}', map_location='cpu').items()}}, '{Weights}', {{'format': 'pt'}})\"";

    /// <summary>Whether a file begins as the pickles of PyTorch do, zipped or not; a sound safetensors file may, too.</summary>
    public static bool BeginsAsPickle(Stream file)
    {
        file.Position = 0;
        return (file.ReadByte(), file.ReadByte()) is ('P', 'K') or (0x80, >= 2 and <= 5);
    }

    /// <summary>The files that hold a folder's weights, by their names in it; all are there.</summary>
    /// <exception cref="FileNotFoundException">One is not there, or there are none, or none but a pickle; the message says so.</exception>
    /// <exception cref="InvalidDataException">The index is not one.</exception>
    public static IReadOnlyList<string> OfWeights(string folder)
    {
        if (File.Exists(Path.Combine(folder, Weights))) return [Weights];
        if (Shards(folder) is { } shards)
        {
            List<string> files = [.. shards.Values.Distinct().Order(StringComparer.Ordinal)];
            return files.Find(file => !File.Exists(Path.Combine(folder, file))) is { } absent ? throw new FileNotFoundException($"{absent} is missing, which {Index} names") : files;
        }
        var pickle = Directory.Exists(folder) ? Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal).FirstOrDefault(IsPickle) : null;
        throw new FileNotFoundException($"{Weights} is missing{(pickle is null ? "" : $"; {PickleRefusal(pickle)}")}");
    }

    /// <summary>Which file an index says that each tensor is in; null where the weights are in one file, which goes before an index, or there is no index.</summary>
    /// <exception cref="InvalidDataException">The index is not one.</exception>
    public static IReadOnlyDictionary<string, string>? Shards(string folder)
    {
        var index = Path.Combine(folder, Index);
        if (File.Exists(Path.Combine(folder, Weights)) || !File.Exists(index)) return null;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(index));
            var root = document.RootElement;
            if (JsonText.Fault(root) is { } fault) throw new InvalidDataException($"{Index}: {fault.Pointer}: {fault.Problem}");
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
                throw new InvalidDataException($"{Index}: there is no weight_map; an object from tensors to files is right");
            var shards = new Dictionary<string, string>();
            foreach (var (tensor, file) in map.EnumerateObject().Select(entry => (entry.Name, entry.Value)))
            {
                // A name, not a way out of the folder.
                if (file.ValueKind != JsonValueKind.String || !IsWeights(file.GetString()!)) throw new InvalidDataException($"{Index}: weight_map has {file.GetRawText()} for {tensor}; a .safetensors file of this folder is right");
                shards[tensor] = file.GetString()!;
            }
            return shards;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{Index}: not JSON: {JsonText.Words(e)}", e);
        }
    }
}
