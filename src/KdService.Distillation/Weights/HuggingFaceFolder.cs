using KdService.Core.Architectures;
using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Core.Weights;
using KdService.Distillation.Models.Text;
using KdService.Text.Folders;
using KdService.Text.Tokenizers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Weights;

/// <summary>A folder as Hugging Face's libraries save and load networks: <c>config.json</c>, <c>model.safetensors</c>, a tokenizer's files.</summary>
public static class HuggingFaceFolder
{
    /// <summary>Reads what network the folder holds.</summary>
    /// <exception cref="RunException">There is no config, or it asks for what is not served; the message lists all of that.</exception>
    public static TransformerConfig ReadConfig(string folder)
    {
        var path = Path.Combine(folder, FolderFiles.Config);
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
    public static WeightsFit Load(Module network, string folder, bool encoderOnly = false)
    {
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        var prefix = Encoder(network);
        var given = WeightNames.Ours(ReadWeights(folder), prefix);
        var own = network.state_dict();
        var fit = WeightsFit.Of(given.ToDictionary(pair => pair.Key, pair => pair.Value.shape), own.ToDictionary(pair => pair.Key, pair => pair.Value.shape), prefix, encoderOnly);
        if (fit.Problems.Count > 0)
            throw new RunException(FailureCode.WeightsMismatch, $"{folder}: the weights do not fit this {network.GetName()}: {string.Join("; ", fit.Problems)}");
        foreach (var (name, value) in given.Where(pair => !fit.Ignored.Contains(pair.Key))) own[name].copy_(value);
        return fit;
    }

    /// <summary>Writes the config and the weights of a folder that <c>transformers</c> loads; a tokenizer's files go beside them (<see cref="TokenizerFolder.Write"/>).</summary>
    /// <param name="folder">The folder; made where it is not there yet.</param>
    /// <param name="network">The network.</param>
    /// <param name="config">What its <c>config.json</c> says.</param>
    /// <exception cref="RunException"><see cref="FailureCode.DiskFull"/>.</exception>
    public static void Write(string folder, TextNetwork network, TransformerConfig config)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.Write(Path.Combine(folder, FolderFiles.Config), stream => stream.Write(config.ToJson()));
        // transformers reads no file that does not say which library's tensors it holds.
        WeightsFile.Save(network, Path.Combine(folder, FolderFiles.Weights), new Dictionary<string, string> { ["format"] = "pt" });
    }

    private static string Encoder(Module network) => network switch
    {
        TextNetwork reader => reader.Size.Encoder,
        MaskedLanguageModel generator => generator.Size.Encoder,
        _ => throw new ArgumentException($"{network.GetName()} given; a network that reads texts is right", nameof(network)),
    };

    private static Dictionary<string, Tensor> ReadWeights(string folder)
    {
        var tensors = new Dictionary<string, Tensor>();
        foreach (var file in Files(folder))
        {
            foreach (var (name, tensor) in Safetensors.Read(Path.Combine(folder, file)).Tensors)
            {
                if (!tensors.TryAdd(name, tensor)) throw new RunException(FailureCode.DataCorrupt, $"{folder}: {name} is in more than one file");
            }
        }
        return tensors;
    }

    private static IReadOnlyList<string> Files(string folder)
    {
        try
        {
            return FolderFiles.OfWeights(folder);
        }
        catch (FileNotFoundException e)
        {
            throw new RunException(FailureCode.DataMissing, $"{folder}: {e.Message}", e);
        }
        catch (InvalidDataException e)
        {
            throw new RunException(FailureCode.DataCorrupt, $"{folder}: {e.Message}", e);
        }
    }
}
