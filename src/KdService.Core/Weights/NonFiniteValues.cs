using System.Numerics;
using System.Runtime.InteropServices;

namespace KdService.Core.Weights;

/// <summary>Finds tensors that hold NaN or an infinity: no training mends them.</summary>
public static class NonFiniteValues
{
    private const int BlockBytes = 1 << 20;

    /// <summary>Reads a safetensors file once, in blocks.</summary>
    /// <param name="stream">The file, at the first tensor's data, where <see cref="SafetensorsHeader.Read"/> leaves it.</param>
    /// <param name="header">Its header.</param>
    /// <returns>The names of the tensors, in the order of their data.</returns>
    public static List<string> Find(Stream stream, SafetensorsHeader header)
    {
        var (data, block, found) = (stream.Position, new byte[BlockBytes], new List<string>());
        foreach (var entry in header.Entries)
        {
            if (Check(entry.Type) is not { } holds) continue;
            stream.Position = data + entry.Begin;
            for (var left = entry.End - entry.Begin; left > 0;)
            {
                var part = block.AsSpan(0, (int)Math.Min(left, BlockBytes));
                stream.ReadExactly(part);
                left -= part.Length;
                if (!holds(part)) continue;
                found.Add(entry.Name);
                break;
            }
        }
        return found;
    }

    private static Func<ReadOnlySpan<byte>, bool>? Check(string type) => type switch
    {
        "F64" => bytes => Any<ulong>(bytes, 0x7FF0_0000_0000_0000),
        "F32" => bytes => Any<uint>(bytes, 0x7F80_0000),
        "F16" => bytes => Any<ushort>(bytes, 0x7C00),
        "BF16" => bytes => Any<ushort>(bytes, 0x7F80),
        _ => null,
    };

    // NaN and infinities are the numbers all bits of whose exponent are set.
    private static bool Any<T>(ReadOnlySpan<byte> bytes, T exponent) where T : unmanaged, IBinaryInteger<T>
    {
        var values = MemoryMarshal.Cast<byte, T>(bytes);
        var all = new Vector<T>(exponent);
        for (; values.Length >= Vector<T>.Count; values = values[Vector<T>.Count..])
        {
            if (Vector.EqualsAny(new Vector<T>(values) & all, all)) return true;
        }
        foreach (var value in values)
        {
            if ((value & exponent) == exponent) return true;
        }
        return false;
    }
}
