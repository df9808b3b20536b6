using System.Buffers.Binary;
using KdService.Core.Jobs;
using KdService.Core.Weights;
using static TorchSharp.torch;

namespace KdService.Distillation.Weights;

/// <summary>
/// The safetensors format: 8 bytes with the length of a JSON header (little-endian), the header, and the tensors' elements, row-major
/// and little-endian. Python's <c>safetensors</c>, PyTorch and Hugging Face libraries read and write it.
/// </summary>
public static class Safetensors
{
    private const int CopyBytes = 1 << 20;

    private static readonly (string Name, ScalarType Type)[] Types =
    [
        ("F64", ScalarType.Float64), ("I64", ScalarType.Int64), ("F32", ScalarType.Float32), ("I32", ScalarType.Int32), ("F16", ScalarType.Float16),
        ("BF16", ScalarType.BFloat16), ("I16", ScalarType.Int16), ("I8", ScalarType.Int8), ("U8", ScalarType.Byte), ("BOOL", ScalarType.Bool),
    ];

    /// <summary>Writes a file, whole or not at all. Equal tensors and metadata give equal bytes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">Named tensors, on any device and in any layout.</param>
    /// <param name="metadata">What to say about the file.</param>
    /// <exception cref="RunException"><see cref="FailureCode.DiskFull"/>.</exception>
    /// <exception cref="ArgumentException">A name comes twice, or safetensors has no such type.</exception>
    public static void Write(string path, IEnumerable<(string Name, Tensor Tensor)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var all = tensors.ToList();
        var header = SafetensorsHeader.For(all.Select(named => (named.Name, NameOf(named.Tensor.dtype), named.Tensor.shape)), metadata);
        var byName = all.ToDictionary(named => named.Name, named => named.Tensor);
        AtomicFile.Write(path, stream =>
        {
            var json = header.ToJson();
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
            stream.Write(length);
            stream.Write(json);
            foreach (var entry in header.Entries)
            {
                using var scope = NewDisposeScope();
                byName[entry.Name].detach().cpu().contiguous().WriteBytesToStream(stream, CopyBytes);
            }
        });
    }

    /// <summary>Reads a file into tensors on the CPU, which the caller owns.</summary>
    /// <exception cref="RunException">
    /// <see cref="FailureCode.DataMissing"/>: there is no such file. <see cref="FailureCode.DataCorrupt"/>: it is truncated or not
    /// safetensors; found out before memory is taken for it.
    /// </exception>
    public static (Dictionary<string, Tensor> Tensors, IReadOnlyDictionary<string, string> Metadata) Read(string path)
    {
        if (!File.Exists(path)) throw new RunException(FailureCode.DataMissing, $"{path}: no such file");
        using var stream = File.OpenRead(path);
        var header = ReadHeader(stream, path);
        var tensors = new Dictionary<string, Tensor>();
        foreach (var entry in header.Entries)
        {
            var made = empty(entry.Shape, Array.Find(Types, type => type.Name == entry.Type).Type);
            tensors.Add(entry.Name, made);
            if (entry.End > entry.Begin) made.ReadBytesFromStream(stream, CopyBytes);
        }
        return (tensors, header.Metadata);
    }

    private static SafetensorsHeader ReadHeader(FileStream stream, string path)
    {
        try
        {
            return SafetensorsHeader.Read(stream);
        }
        catch (InvalidDataException e)
        {
            throw new RunException(FailureCode.DataCorrupt, $"{path}: {e.Message}", e);
        }
    }

    private static string NameOf(ScalarType type) => Array.Find(Types, known => known.Type == type).Name ?? $"{type}";
}
