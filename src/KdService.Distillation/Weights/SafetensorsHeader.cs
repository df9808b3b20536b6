using System.Text.Json;
using KdService.Core.Jobs;
using static TorchSharp.torch;

namespace KdService.Distillation.Weights;

/// <summary>
/// The JSON at the head of a safetensors file: for every tensor its type, shape and place in the data that follow.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>The longest header that readers of the format accept, in bytes.</summary>
    public const int MaxBytes = 100_000_000;

    private const string MetadataKey = "__metadata__";
    private const int MaxDimensions = 32;

    private static readonly (string Name, ScalarType Type, int Bytes)[] Types =
    [
        ("F64", ScalarType.Float64, 8), ("I64", ScalarType.Int64, 8),
        ("F32", ScalarType.Float32, 4), ("I32", ScalarType.Int32, 4),
        ("F16", ScalarType.Float16, 2), ("BF16", ScalarType.BFloat16, 2), ("I16", ScalarType.Int16, 2),
        ("I8", ScalarType.Int8, 1), ("U8", ScalarType.Byte, 1), ("BOOL", ScalarType.Bool, 1),
    ];

    /// <summary>The tensors, in the order of their data.</summary>
    public required IReadOnlyList<Entry> Entries { get; init; }

    /// <summary>What the writer said about the file.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>Lays tensors out, the widest types first so that all are aligned, and by name within a type.</summary>
    /// <exception cref="ArgumentException">A name comes twice, or safetensors has no such type.</exception>
    public static SafetensorsHeader For(IEnumerable<(string Name, Tensor Tensor)> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var entries = new List<Entry>();
        long at = 0;
        foreach (var (name, tensor, type) in tensors
            .Select(named => (named.Name, named.Tensor, Type: Array.Find(Types, type => type.Type == named.Tensor.dtype)))
            .OrderByDescending(named => named.Type.Bytes).ThenBy(named => named.Name, StringComparer.Ordinal))
        {
            if (type.Name is null) throw new ArgumentException($"{name}: safetensors stores no {tensor.dtype}", nameof(tensors));
            if (name == MetadataKey || entries.Exists(entry => entry.Name == name)) throw new ArgumentException($"{name}: the name is taken", nameof(tensors));
            entries.Add(new Entry(name, type.Type, tensor.shape, at, at += tensor.numel() * type.Bytes));
        }
        return new SafetensorsHeader { Entries = entries, Metadata = metadata ?? new Dictionary<string, string>() };
    }

    /// <summary>The header as JSON, padded with spaces so that the data begin at a multiple of 8; equal contents give equal bytes.</summary>
    public byte[] ToJson()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (Metadata.Count > 0)
            {
                json.WriteStartObject(MetadataKey);
                foreach (var (key, value) in Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal)) json.WriteString(key, value);
                json.WriteEndObject();
            }
            foreach (var entry in Entries)
            {
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype", Array.Find(Types, type => type.Type == entry.Type).Name);
                json.WriteStartArray("shape");
                foreach (var size in entry.Shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(entry.Begin);
                json.WriteNumberValue(entry.End);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (buffer.Length % 8 != 0) buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }

    /// <summary>Reads a header and checks all of it before anything is made of it.</summary>
    /// <param name="json">The header's bytes.</param>
    /// <param name="dataBytes">Bytes that follow the header.</param>
    /// <param name="path">The file, for messages.</param>
    /// <exception cref="RunException"><see cref="FailureCode.DataCorrupt"/>: the header is not what the format asks for, or does not fit the data.</exception>
    public static SafetensorsHeader Parse(ReadOnlyMemory<byte> json, long dataBytes, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 4 });
            var metadata = new Dictionary<string, string>();
            var entries = new Dictionary<string, Entry>();
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.Name == MetadataKey)
                {
                    foreach (var pair in property.Value.EnumerateObject()) metadata[pair.Name] = pair.Value.GetString() ?? throw new FormatException($"{pair.Name} is null; a string is right");
                }
                else if (!entries.TryAdd(property.Name, ParseEntry(property))) throw new FormatException($"tensor {property.Name} comes twice");
            }
            var ordered = entries.Values.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End).ToList();
            RequireGapless(ordered, dataBytes);
            return new SafetensorsHeader { Entries = ordered, Metadata = metadata };
        }
        // Everything that reading JSON of a wrong form throws: not JSON, another kind of value, a missing key, a number out of range.
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException)
        {
            throw new RunException(FailureCode.DataCorrupt, $"{path}: the header of this safetensors file is wrong: {e.Message}", e);
        }
    }

    private static Entry ParseEntry(JsonProperty property)
    {
        var (name, given) = (property.Name, property.Value.GetProperty("dtype").GetString());
        var type = Array.Find(Types, type => type.Name == given);
        if (type.Name is null) throw new FormatException($"tensor {name}: dtype {given} given; one of {string.Join(", ", Types.Select(known => known.Name))}");
        var sizes = property.Value.GetProperty("shape");
        if (sizes.GetArrayLength() > MaxDimensions) throw new FormatException($"tensor {name}: {sizes.GetArrayLength()} dimensions given; at most {MaxDimensions}");
        long[] shape = [.. sizes.EnumerateArray().Select(size => (long)size.GetInt32())];
        if (shape.Any(size => size < 0)) throw new FormatException($"tensor {name}: a negative size in shape [{string.Join(", ", shape)}]");
        var offsets = property.Value.GetProperty("data_offsets");
        if (offsets.GetArrayLength() != 2) throw new FormatException($"tensor {name}: {offsets.GetArrayLength()} data_offsets given; 2 are right");
        var (begin, end) = (offsets[0].GetInt64(), offsets[1].GetInt64());
        // A size of 0 leaves nothing to multiply, whatever the others are.
        var bytes = shape.Contains(0) ? 0 : shape.Aggregate((long)type.Bytes, (product, size) => checked(product * size));
        if (begin < 0 || end < begin || end - begin != bytes)
            throw new FormatException($"tensor {name}: data_offsets [{begin}, {end}] given; {given} [{string.Join(", ", shape)}] has {bytes} bytes");
        return new Entry(name, type.Type, shape, begin, end);
    }

    private static void RequireGapless(List<Entry> ordered, long dataBytes)
    {
        long at = 0;
        foreach (var entry in ordered)
        {
            if (entry.Begin != at) throw new FormatException($"tensor {entry.Name} begins at {entry.Begin}; {at} is right, for tensors neither overlap nor leave gaps");
            at = entry.End;
        }
        if (at != dataBytes) throw new FormatException($"{dataBytes} bytes of data follow; the tensors have {at}");
    }

    /// <summary>One tensor.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Type">Type of its elements.</param>
    /// <param name="Shape">Its shape.</param>
    /// <param name="Begin">First byte in the data.</param>
    /// <param name="End">Byte after the last.</param>
    public sealed record Entry(string Name, ScalarType Type, long[] Shape, long Begin, long End);
}
