using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace TorchSharp.Interop;

internal enum Tag
{
    None = 0,
    Default = 1,
    Tensor = 2,
    TensorList = 3,
    Int = 4,
    IntList = 5,
    Double = 6,
    DoubleList = 7,
    Bool = 8,
    String = 9,
    Device = 10,
    Generator = 11,
}

/// <summary>An argument or a result as it crosses to the shim (native/kdtorch.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Value
{
    public Tag Tag;
    public int Count;
    public long Bits;

    public readonly double Number => BitConverter.Int64BitsToDouble(Bits);
}

/// <summary>One argument of an operator; everything an operator takes converts to it, so that calls read like the schema.</summary>
internal readonly struct Arg
{
    internal readonly Tag Tag;
    internal readonly long Bits;
    internal readonly object? Reference;

    private Arg(Tag tag, long bits, object? reference = null) => (Tag, Bits, Reference) = (tag, bits, reference);

    /// <summary>The default of the operator's schema.</summary>
    internal static Arg Default => new(Tag.Default, 0);

    /// <summary>An absent optional argument.</summary>
    internal static Arg None => default;

    public static implicit operator Arg(Tensor? value) => value is null ? default : new(Tag.Tensor, 0, value);
    public static implicit operator Arg(Tensor[] value) => new(Tag.TensorList, 0, value);
    public static implicit operator Arg(long value) => new(Tag.Int, value);
    public static implicit operator Arg(long? value) => value is { } given ? new(Tag.Int, given) : default;
    public static implicit operator Arg(long[]? value) => value is null ? default : new(Tag.IntList, 0, value);
    public static implicit operator Arg((long, long) value) => new(Tag.IntList, 0, new[] { value.Item1, value.Item2 });
    public static implicit operator Arg(double value) => new(Tag.Double, BitConverter.DoubleToInt64Bits(value));
    public static implicit operator Arg(double? value) => value is { } given ? (Arg)given : default;
    public static implicit operator Arg(double[]? value) => value is null ? default : new(Tag.DoubleList, 0, value);
    public static implicit operator Arg(bool value) => new(Tag.Bool, value ? 1 : 0);
    public static implicit operator Arg(string? value) => value is null ? default : new(Tag.String, 0, value);
    public static implicit operator Arg(ScalarType value) => new(Tag.Int, (long)value);
    public static implicit operator Arg(ScalarType? value) => value is { } given ? new(Tag.Int, (long)given) : default;
    public static implicit operator Arg(nn.Reduction value) => new(Tag.Int, (long)value);
    public static implicit operator Arg(Device? value) => value is null ? default : new(Tag.Device, value.index, value);
    public static implicit operator Arg(Generator? value) => value is null ? default : new(Tag.Generator, value.Handle, value);
    public static implicit operator Arg(Scalar? value) => value is null ? default : value.AsArg();

    /// <summary>How many 8-byte words of the call's buffer the argument needs.</summary>
    internal int Words => Tag switch
    {
        Tag.TensorList => ((Tensor[])Reference!).Length,
        Tag.IntList => ((long[])Reference!).Length,
        Tag.DoubleList => ((double[])Reference!).Length,
        Tag.String => (((string)Reference!).Length * 3 + 7) / 8,
        _ => 0,
    };

    /// <summary>Encodes the argument; lists and text go into <paramref name="buffer"/>, which moves on behind them.</summary>
    internal unsafe Value Encode(ref long* buffer)
    {
        var value = new Value { Tag = Tag, Bits = Bits };
        switch (Tag)
        {
            case Tag.Tensor:
                value.Bits = ((Tensor)Reference!).Handle;
                break;
            case Tag.TensorList:
                var tensors = (Tensor?[])Reference!;
                value.Count = tensors.Length;
                value.Bits = (long)buffer;
                foreach (var tensor in tensors) *buffer++ = tensor is null ? 0 : tensor.Handle;
                break;
            case Tag.IntList:
                var integers = (long[])Reference!;
                value.Count = integers.Length;
                value.Bits = (long)buffer;
                foreach (var integer in integers) *buffer++ = integer;
                break;
            case Tag.DoubleList:
                var numbers = (double[])Reference!;
                value.Count = numbers.Length;
                value.Bits = (long)buffer;
                foreach (var number in numbers) *buffer++ = BitConverter.DoubleToInt64Bits(number);
                break;
            case Tag.String:
                var text = (string)Reference!;
                value.Count = System.Text.Encoding.UTF8.GetBytes(text, new Span<byte>(buffer, text.Length * 3));
                value.Bits = (long)buffer;
                buffer += Words;
                break;
            case Tag.Device:
                value.Count = (int)((Device)Reference!).type;
                break;
        }
        return value;
    }
}
