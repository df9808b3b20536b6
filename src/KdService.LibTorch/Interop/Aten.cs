using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace TorchSharp.Interop;

/// <summary>
/// The generic door: calls any ATen operator by its schema name, "add.Tensor" or "relu". Arguments that are left out take
/// the schema's defaults. What libtorch refuses arrives as an <see cref="ExternalException"/> with its message.
/// </summary>
internal static unsafe class Aten
{
    private static readonly ConcurrentDictionary<string, IntPtr> _operators = new();

    /// <summary>Calls an operator for its first result, a tensor.</summary>
    internal static Tensor Call(string name, params ReadOnlySpan<Arg> arguments)
    {
        Value result;
        Invoke(name, arguments, &result, 1);
        return TensorOf(result);
    }

    internal static (Tensor, Tensor) Call2(string name, params ReadOnlySpan<Arg> arguments)
    {
        var results = stackalloc Value[2];
        Invoke(name, arguments, results, 2);
        return (TensorOf(results[0]), TensorOf(results[1]));
    }

    internal static (Tensor, Tensor, Tensor) Call3(string name, params ReadOnlySpan<Arg> arguments)
    {
        var results = stackalloc Value[3];
        Invoke(name, arguments, results, 3);
        return (TensorOf(results[0]), TensorOf(results[1]), TensorOf(results[2]));
    }

    internal static Tensor[] CallList(string name, params ReadOnlySpan<Arg> arguments)
    {
        Value result;
        Invoke(name, arguments, &result, 1);
        var handles = (IntPtr*)result.Bits;
        var tensors = new Tensor[result.Count];
        for (var i = 0; i < tensors.Length; i++) tensors[i] = new Tensor(handles[i]);
        Native.kd_array_free(handles);
        return tensors;
    }

    /// <summary>Calls an operator that returns a number or a truth value.</summary>
    internal static Value CallValue(string name, params ReadOnlySpan<Arg> arguments)
    {
        Value result;
        Invoke(name, arguments, &result, 1);
        return result;
    }

    /// <summary>Calls an in-place operator and returns its first argument, the same object.</summary>
    internal static Tensor InPlace(string name, params ReadOnlySpan<Arg> arguments)
    {
        Invoke(name, arguments, null, 0);
        return (Tensor)arguments[0].Reference!;
    }

    /// <summary>Calls an operator for its effect.</summary>
    internal static void Do(string name, params ReadOnlySpan<Arg> arguments) => Invoke(name, arguments, null, 0);

    [SkipLocalsInit]
    private static void Invoke(string name, ReadOnlySpan<Arg> arguments, Value* results, int capacity)
    {
        if (!_operators.TryGetValue(name, out var op)) op = Find(name);
        var words = 0;
        foreach (ref readonly var argument in arguments) words += argument.Words;
        if (words <= 64)
        {
            var buffer = stackalloc long[64];
            Invoke(op, arguments, results, capacity, buffer);
        }
        else
        {
            var buffer = (long*)NativeMemory.Alloc((nuint)words, sizeof(long));
            try
            {
                Invoke(op, arguments, results, capacity, buffer);
            }
            finally
            {
                NativeMemory.Free(buffer);
            }
        }
    }

    [SkipLocalsInit]
    private static void Invoke(IntPtr op, ReadOnlySpan<Arg> arguments, Value* results, int capacity, long* buffer)
    {
        var values = stackalloc Value[arguments.Length];
        for (var i = 0; i < arguments.Length; i++) values[i] = arguments[i].Encode(ref buffer);
        var message = Native.kd_operator_call(op, values, arguments.Length, results, capacity);
        // A finaliser must not free a tensor under the call.
        foreach (ref readonly var argument in arguments) GC.KeepAlive(argument.Reference);
        Native.Check(message);
    }

    private static IntPtr Find(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        IntPtr op;
        Native.Check(dot < 0
            ? Native.kd_operator_find("aten::" + name, "", &op)
            : Native.kd_operator_find("aten::" + name[..dot], name[(dot + 1)..], &op));
        return _operators[name] = op;
    }

    private static Tensor TensorOf(in Value value) => new(checked((IntPtr)value.Bits));
}
