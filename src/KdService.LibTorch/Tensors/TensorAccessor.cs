using System.Collections;
using static TorchSharp.torch;

namespace TorchSharp.Utils;

/// <summary>Elements of a CPU tensor, in the order of its indices whatever its strides.</summary>
public sealed unsafe class TensorAccessor<T> : IDisposable, IEnumerable<T> where T : unmanaged
{
    private readonly Tensor _tensor;
    private readonly T* _data;
    private readonly long[] _shape;
    private readonly long[] _strides;

    internal TensorAccessor(Tensor tensor)
    {
        // Of the accessor's own, so that reading data<T>() of a temporary is safe.
        _tensor = tensor.alias().DetachFromDisposeScope();
        _data = (T*)_tensor.DataPointer;
        (_shape, _strides) = (_tensor.shape, _tensor.stride());
        Count = _tensor.numel();
    }

    public long Count { get; }

    public T this[params long[] indices]
    {
        get => _data[Offset(indices)];
        set => _data[Offset(indices)] = value;
    }

    private long Offset(long[] indices)
    {
        if (indices.Length != _shape.Length)
            throw new ArgumentException($"{indices.Length} indices given; the tensor has {_shape.Length} dimensions");
        long offset = 0;
        for (var i = 0; i < indices.Length; i++)
        {
            if (indices[i] < 0 || indices[i] >= _shape[i])
                throw new ArgumentOutOfRangeException(nameof(indices), $"index {indices[i]} given; dimension {i} has {_shape[i]} elements");
            offset += indices[i] * _strides[i];
        }
        return offset;
    }

    public T[] ToArray()
    {
        var array = new T[Count];
        CopyTo(array);
        return array;
    }

    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(), arrayIndex, tensorIndex);

    public void CopyTo(Span<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        if (_tensor.is_contiguous())
        {
            new ReadOnlySpan<T>(_data + tensorIndex, checked((int)(Count - tensorIndex))).CopyTo(array[arrayIndex..]);
            return;
        }
        foreach (var value in this.Skip((int)tensorIndex)) array[arrayIndex++] = value;
    }

    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyFrom((ReadOnlySpan<T>)array, arrayIndex, tensorIndex);

    public void CopyFrom(ReadOnlySpan<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        if (!_tensor.is_contiguous()) throw new InvalidOperationException("CopyFrom: the tensor is not contiguous.");
        array[arrayIndex..].CopyTo(new Span<T>(_data + tensorIndex, checked((int)(Count - tensorIndex))));
    }

    public IEnumerator<T> GetEnumerator()
    {
        var indices = new long[_shape.Length];
        long offset = 0;
        for (long i = 0; i < Count; i++)
        {
            yield return At(offset);
            for (var d = indices.Length - 1; d >= 0; d--)
            {
                offset += _strides[d];
                if (++indices[d] < _shape[d]) break;
                offset -= indices[d] * _strides[d];
                indices[d] = 0;
            }
        }
    }

    private T At(long offset) => _data[offset];

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose() => _tensor.Dispose();
}
