using System.Security.Cryptography;
using System.Text;
using KdService.Core.Jobs;
using KdService.Distillation.Weights;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>A network's weights and running statistics at a moment, copied to the CPU, by PyTorch's names.</summary>
internal sealed class Snapshot(IReadOnlyDictionary<string, Tensor> tensors) : IDisposable
{
    /// <summary>The tensors by name; they belong to the snapshot.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors => tensors;

    /// <summary>Copies a network's weights.</summary>
    public static Snapshot Of(nn.Module network)
    {
        using var scope = NewDisposeScope();
        return new Snapshot(network.state_dict().ToDictionary(
            entry => entry.Key,
            entry => entry.Value.detach().cpu().contiguous().clone().DetachFromDisposeScope()));
    }

    /// <summary>Writes the weights to a safetensors file.</summary>
    /// <exception cref="RunException">The disk is full.</exception>
    public void Write(string path, IReadOnlyDictionary<string, string> metadata) =>
        Safetensors.Write(path, tensors.Select(entry => (entry.Key, entry.Value)), metadata);

    /// <summary>Copies the weights into a network of the same architecture.</summary>
    /// <exception cref="RunException">A name or a shape differs.</exception>
    public void CopyTo(nn.Module network)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        foreach (var (name, tensor) in network.state_dict())
        {
            if (!tensors.TryGetValue(name, out var saved) || !saved.shape.SequenceEqual(tensor.shape))
                throw new RunException(FailureCode.WeightsMismatch,
                    $"{name}: {(saved is null ? "missing" : $"[{string.Join(", ", saved.shape)}] given")}; the network has [{string.Join(", ", tensor.shape)}]");
            tensor.copy_(saved);
        }
    }

    /// <summary>Digest of names, shapes and values.</summary>
    public string Digest()
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, tensor) in tensors.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            sha256.AppendData(Encoding.UTF8.GetBytes($"{name} {tensor.dtype} [{string.Join(", ", tensor.shape)}]\n"));
            sha256.AppendData(tensor.bytes);
        }
        return Convert.ToHexStringLower(sha256.GetHashAndReset());
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var tensor in tensors.Values) tensor.Dispose();
    }
}
