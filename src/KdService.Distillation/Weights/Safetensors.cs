using System.Buffers.Binary;
using KdService.Core.Jobs;
using static TorchSharp.torch;

namespace KdService.Distillation.Weights;

/// <summary>
/// The safetensors format: 8 bytes with the length of a JSON header (little-endian), the header, and the tensors' elements, row-major
/// and little-endian. Python's <c>safetensors</c>, PyTorch and Hugging Face libraries read and write it.
/// </summary>
public static class Safetensors
{
    private const int CopyBytes = 1 << 20;

    /// <summary>Writes a file, whole or not at all. Equal tensors and metadata give equal bytes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">Named tensors, on any device and in any layout.</param>
    /// <param name="metadata">What to say about the file.</param>
    /// <exception cref="RunException"><see cref="FailureCode.DiskFull"/>.</exception>
    /// <exception cref="ArgumentException">A name comes twice, or safetensors has no such type.</exception>
    public static void Write(string path, IEnumerable<(string Name, Tensor Tensor)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var all = tensors.ToList();
        var header = SafetensorsHeader.For(all, metadata);
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
            var made = empty(entry.Shape, entry.Type);
            tensors.Add(entry.Name, made);
            if (entry.End > entry.Begin) made.ReadBytesFromStream(stream, CopyBytes);
        }
        return (tensors, header.Metadata);
    }

    private static SafetensorsHeader ReadHeader(FileStream stream, string path)
    {
        var rest = stream.Length - 8;
        if (rest < 0) throw Corrupt(path, $"{stream.Length} bytes found; a safetensors file has at least 8");
        Span<byte> length = stackalloc byte[8];
        stream.ReadExactly(length);
        var headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(length);
        if (headerBytes > Math.Min((ulong)rest, SafetensorsHeader.MaxBytes))
            throw Corrupt(path, $"a header of {headerBytes} bytes is announced; {rest} bytes follow, and {SafetensorsHeader.MaxBytes} are the most");
        var json = new byte[headerBytes];
        stream.ReadExactly(json);
        return SafetensorsHeader.Parse(json, rest - json.Length, path);
    }

    private static RunException Corrupt(string path, string what) => new(FailureCode.DataCorrupt, $"{path}: {what}");
}
