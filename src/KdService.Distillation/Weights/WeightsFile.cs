using KdService.Core.Jobs;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Weights;

/// <summary>A network's parameters and running statistics in a safetensors file, under their PyTorch names.</summary>
public static class WeightsFile
{
    /// <summary>Writes the network's weights.</summary>
    /// <exception cref="RunException"><see cref="FailureCode.DiskFull"/>.</exception>
    public static void Save(Module module, string path, IReadOnlyDictionary<string, string>? metadata = null) =>
        Safetensors.Write(path, module.state_dict().Select(pair => (pair.Key, pair.Value)), metadata);

    /// <summary>Copies weights into a network, on whatever device it is; all of them or none.</summary>
    /// <returns>The file's metadata.</returns>
    /// <exception cref="RunException">
    /// <see cref="FailureCode.WeightsMismatch"/>: the message lists every tensor that is missing, left over or of another shape.
    /// <see cref="FailureCode.DataMissing"/> or <see cref="FailureCode.DataCorrupt"/>: the file cannot be read.
    /// </exception>
    public static IReadOnlyDictionary<string, string> Load(Module module, string path)
    {
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        var (given, metadata) = Safetensors.Read(path);
        var own = module.state_dict();
        string[] problems =
        [
            .. own.Where(pair => !given.ContainsKey(pair.Key)).Select(pair => $"{pair.Key} {Shape(pair.Value)} is missing"),
            .. given.Where(pair => !own.ContainsKey(pair.Key)).Select(pair => $"{pair.Key} {Shape(pair.Value)} has no place"),
            .. own.Where(pair => given.TryGetValue(pair.Key, out var value) && Shape(value) != Shape(pair.Value))
                .Select(pair => $"{pair.Key} is {Shape(given[pair.Key])}; {Shape(pair.Value)} is right"),
        ];
        if (problems.Length > 0)
            throw new RunException(FailureCode.WeightsMismatch, $"{path}: the weights do not fit this {module.GetName()}: {string.Join("; ", problems)}");
        foreach (var (name, value) in own) value.copy_(given[name]);
        return metadata;
    }

    private static string Shape(Tensor tensor) => $"[{string.Join(", ", tensor.shape)}]";
}
