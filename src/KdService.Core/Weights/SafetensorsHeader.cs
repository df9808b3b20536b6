using System.Buffers.Binary;
using System.Text.Json;
using KdService.Core.Schema;

namespace KdService.Core.Weights;

/// <summary>
/// The JSON at the head of a safetensors file: for every tensor its type, shape and place in the data that follow.
/// </summary>
public sealed class SafetensorsHeader
{
    /// <summary>The longest header that readers of the format accept, in bytes.</summary>
    public const int MaxBytes = 100_000_000;

    private const string MetadataKey = "__metadata__";
    private const int MaxDimensions = 32;

    private static readonly Dictionary<string, int> Types = new()
    {
        ["F64"] = 8,
        ["I64"] = 8,
        ["F32"] = 4,
        ["I32"] = 4,
        ["F16"] = 2,
        ["BF16"] = 2,
        ["I16"] = 2,
        ["I8"] = 1,
        ["U8"] = 1,
        ["BOOL"] = 1,
    };

    /// <summary>The tensors, in the order of their data.</summary>
    public required IReadOnlyList<Entry> Entries { get; init; }

    /// <summary>What the writer said about the file.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>Lays tensors out, the widest types first so that all are aligned, and by name within a type.</summary>
    /// <param name="tensors">Names, types as the format writes them (<c>F32</c>), and shapes.</param>
    /// <param name="metadata">What to say about the file.</param>
    /// <exception cref="ArgumentException">A name comes twice, or safetensors has no such type.</exception>
    public static SafetensorsHeader For(IEnumerable<(string Name, string Type, long[] Shape)> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var entries = new List<Entry>();
        var names = new HashSet<string> { MetadataKey };
        long at = 0;
        foreach (var (name, type, shape) in tensors.OrderByDescending(tensor => Types.GetValueOrDefault(tensor.Type)).ThenBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            if (!Types.TryGetValue(type, out var bytes)) throw new ArgumentException($"{name}: safetensors stores no {type}", nameof(tensors));
            if (!names.Add(name)) throw new ArgumentException($"{name}: the name is taken", nameof(tensors));
            entries.Add(new Entry(name, type, shape, at, at += shape.Aggregate((long)bytes, (product, size) => product * size)));
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
                json.WriteString("dtype", entry.Type);
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

    /// <summary>Reads the header of a file, checks all of it, and leaves the stream at the first tensor's data.</summary>
    /// <param name="stream">The file, at its beginning.</param>
    /// <exception cref="InvalidDataException">The header is not what the format asks for, or does not fit the data; found out before memory is taken for them.</exception>
    public static SafetensorsHeader Read(Stream stream)
    {
        var rest = stream.Length - 8;
        if (rest < 0) throw new InvalidDataException($"{stream.Length} bytes found; a safetensors file has at least 8");
        Span<byte> length = stackalloc byte[8];
        stream.ReadExactly(length);
        if (length.SequenceEqual("version "u8)) throw new InvalidDataException("a pointer of Git LFS found, not the file itself; git lfs pull brings that");
        var headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(length);
        if (headerBytes > Math.Min((ulong)rest, MaxBytes))
            throw new InvalidDataException($"a header of {headerBytes} bytes is announced; {rest} bytes follow, and {MaxBytes} are the most");
        var json = new byte[headerBytes];
        stream.ReadExactly(json);
        return Parse(json, rest - json.Length);
    }

    private static SafetensorsHeader Parse(ReadOnlyMemory<byte> json, long dataBytes)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 4 });
            if (JsonText.Fault(document.RootElement, kept: false) is { } fault) throw new FormatException($"{fault.Pointer}: {fault.Problem}");
            var metadata = new Dictionary<string, string>();
            var entries = new Dictionary<string, Entry>();
            foreach (var property in Members(document.RootElement, "the header"))
            {
                if (property.Name == MetadataKey)
                {
                    foreach (var pair in Members(property.Value, MetadataKey))
                        metadata[pair.Name] = pair.Value.ValueKind == JsonValueKind.String ? pair.Value.GetString()! : throw new FormatException($"{MetadataKey}: {pair.Name} is {pair.Value.GetRawText()}; a string is right");
                }
                else if (!entries.TryAdd(property.Name, ParseEntry(property))) throw new FormatException($"tensor {property.Name} comes twice");
            }
            var ordered = entries.Values.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End).ToList();
            RequireGapless(ordered, dataBytes);
            return new SafetensorsHeader { Entries = ordered, Metadata = metadata };
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw new InvalidDataException($"the header of this safetensors file is wrong: {(e is JsonException malformed ? JsonText.Words(malformed) : e.Message)}", e);
        }
    }

    private static JsonElement.ObjectEnumerator Members(JsonElement element, string what) => element.ValueKind == JsonValueKind.Object
        ? element.EnumerateObject()
        : throw new FormatException($"{what} is a JSON {element.ValueKind}; an object is right");

    private static Entry ParseEntry(JsonProperty property)
    {
        var (name, tensor) = (property.Name, property.Value);
        if (tensor.ValueKind != JsonValueKind.Object) throw new FormatException($"tensor {name}: a JSON {tensor.ValueKind} given; an object with dtype, shape and data_offsets is right");
        var given = Field("dtype", JsonValueKind.String).GetString()!;
        if (!Types.TryGetValue(given, out var width)) throw new FormatException($"tensor {name}: dtype {given} given; one of {string.Join(", ", Types.Keys)}");
        var sizes = Field("shape", JsonValueKind.Array);
        if (sizes.GetArrayLength() > MaxDimensions) throw new FormatException($"tensor {name}: {sizes.GetArrayLength()} dimensions given; at most {MaxDimensions}");
        long[] shape = [.. sizes.EnumerateArray().Select(size => Whole(size, "shape", int.MaxValue))];
        var offsets = Field("data_offsets", JsonValueKind.Array);
        if (offsets.GetArrayLength() != 2) throw new FormatException($"tensor {name}: {offsets.GetArrayLength()} data_offsets given; 2 are right");
        var (begin, end) = (Whole(offsets[0], "data_offsets", long.MaxValue), Whole(offsets[1], "data_offsets", long.MaxValue));
        // A size of 0 leaves nothing to multiply, whatever the others are; a shape of the longest sizes has more bytes than a number here holds.
        var bytes = shape.Contains(0) ? 0 : shape.Aggregate((Int128)width, (product, size) => Int128.Min(product * size, long.MaxValue));
        if (end < begin || end - begin != bytes)
            throw new FormatException($"tensor {name}: data_offsets [{begin}, {end}] given; {given} [{string.Join(", ", shape)}] has {(bytes == long.MaxValue ? "more bytes than a file" : $"{bytes} bytes")}");
        return new Entry(name, given, shape, begin, end);

        JsonElement Field(string field, JsonValueKind kind) => !tensor.TryGetProperty(field, out var value) ? throw new FormatException($"tensor {name}: {field} is missing")
            : value.ValueKind == kind ? value : throw new FormatException($"tensor {name}: {field} is a JSON {value.ValueKind}; a JSON {kind} is right");

        long Whole(JsonElement number, string field, long most) => number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out var whole) && whole >= 0 && whole <= most
            ? whole
            : throw new FormatException($"tensor {name}: {number.GetRawText()} given in {field}; whole numbers from 0 to {most} are right");
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
    /// <param name="Type">Type of its elements, as the format writes it.</param>
    /// <param name="Shape">Its shape.</param>
    /// <param name="Begin">First byte in the data.</param>
    /// <param name="End">Byte after the last.</param>
    public sealed record Entry(string Name, string Type, long[] Shape, long Begin, long End);
}
