using System.Text.Json;

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

    /// <summary>The files that hold a folder's weights, by their names in it.</summary>
    /// <exception cref="FileNotFoundException">There are none, or none but a pickle; the message says so.</exception>
    /// <exception cref="InvalidDataException">The index is not one.</exception>
    public static IReadOnlyList<string> OfWeights(string folder)
    {
        if (File.Exists(Path.Combine(folder, Weights))) return [Weights];
        var index = Path.Combine(folder, Index);
        if (File.Exists(index)) return Shards(index);
        var pickle = Directory.Exists(folder) ? Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal).FirstOrDefault(IsPickle) : null;
        throw new FileNotFoundException($"{Weights} is missing{(pickle is null ? "" : $"; {PickleRefusal(pickle)}")}");
    }

    private static List<string> Shards(string index)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(index));
            var files = document.RootElement.GetProperty("weight_map").EnumerateObject().Select(entry => entry.Value.GetString()!).Distinct().ToList();
            // A name, not a way out of the folder.
            return files.TrueForAll(IsWeights) ? files : throw new FormatException("weight_map names what is no .safetensors file of this folder");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new InvalidDataException($"{Index}: {e.Message}", e);
        }
    }
}
