using TorchSharp.Interop;
using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>A number whose type takes part in type promotion: integral, floating or boolean.</summary>
public sealed class Scalar : IDisposable
{
    private readonly double _number;
    private readonly long _integer;

    private Scalar(long value, ScalarType type) => (_integer, Type) = (value, type);

    private Scalar(double value, ScalarType type) => (_number, Type) = (value, type);

    public ScalarType Type { get; }

    public static implicit operator Scalar(byte value) => new((long)value, ScalarType.Int64);
    public static implicit operator Scalar(sbyte value) => new((long)value, ScalarType.Int64);
    public static implicit operator Scalar(short value) => new((long)value, ScalarType.Int64);
    public static implicit operator Scalar(int value) => new((long)value, ScalarType.Int64);
    public static implicit operator Scalar(long value) => new(value, ScalarType.Int64);
    public static implicit operator Scalar(Half value) => new((double)value, ScalarType.Float64);
    public static implicit operator Scalar(float value) => new((double)value, ScalarType.Float64);
    public static implicit operator Scalar(double value) => new(value, ScalarType.Float64);
    public static implicit operator Scalar(bool value) => new(value ? 1L : 0L, ScalarType.Bool);

    internal double ToDoubleValue() => Type == ScalarType.Float64 ? _number : _integer;

    internal long ToInt64Value() => Type == ScalarType.Float64 ? checked((long)_number) : _integer;

    internal Arg AsArg() => Type switch
    {
        ScalarType.Float64 => _number,
        ScalarType.Bool => _integer != 0,
        _ => _integer,
    };

    /// <summary>Nothing is held: the method exists because TorchSharp's scalars hold native memory.</summary>
    public void Dispose()
    {
    }
}

public static class ScalarExtensionMethods
{
    public static Scalar ToScalar(this byte value) => value;
    public static Scalar ToScalar(this sbyte value) => value;
    public static Scalar ToScalar(this short value) => value;
    public static Scalar ToScalar(this int value) => value;
    public static Scalar ToScalar(this long value) => value;
    public static Scalar ToScalar(this float value) => value;
    public static Scalar ToScalar(this double value) => value;
    public static Scalar ToScalar(this bool value) => value;
    public static float ToSingle(this Scalar value) => (float)value.ToDoubleValue();
    public static double ToDouble(this Scalar value) => value.ToDoubleValue();
    public static byte ToByte(this Scalar value) => checked((byte)value.ToInt64Value());
    public static sbyte ToSByte(this Scalar value) => checked((sbyte)value.ToInt64Value());
    public static short ToInt16(this Scalar value) => checked((short)value.ToInt64Value());
    public static int ToInt32(this Scalar value) => checked((int)value.ToInt64Value());
    public static long ToInt64(this Scalar value) => value.ToInt64Value();
    public static bool ToBoolean(this Scalar value) => value.ToDoubleValue() != 0;
}
