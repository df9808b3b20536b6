using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>
    /// An n-dimensional array of numbers with one type, on one device. It holds native memory: dispose it, or make it in a
    /// <see cref="DisposeScope"/>; a finaliser is only the net below.
    /// </summary>
    public unsafe partial class Tensor : IDisposable
    {
        private static long _totalCount;
        private static long _peakCount;

        private IntPtr _handle;

        internal DisposeScope? OwningDisposeScope;
        internal int PlaceInScope;

        /// <summary>Takes over an owned reference; null is an undefined tensor.</summary>
        internal Tensor(IntPtr handle, bool register = true)
        {
            _handle = handle;
            var count = Interlocked.Increment(ref _totalCount);
            if (count > Volatile.Read(ref _peakCount)) Volatile.Write(ref _peakCount, count);
            if (register) DisposeScopeManager.Register(this);
        }

        ~Tensor() => Free();

        /// <summary>Live tensor objects in the process.</summary>
        public static long TotalCount => Interlocked.Read(ref _totalCount);

        /// <summary>The most tensor objects that were alive at once.</summary>
        public static long PeakCount => Volatile.Read(ref _peakCount);

        /// <exception cref="InvalidOperationException">The tensor has been disposed.</exception>
        public IntPtr Handle => _handle != IntPtr.Zero
            ? _handle
            : throw new InvalidOperationException("Tensor invalid -- empty handle: it has been disposed, or moved into a parameter.");

        public bool IsInvalid => _handle == IntPtr.Zero;

        public void Dispose()
        {
            OwningDisposeScope?.Remove(this);
            Free();
            GC.SuppressFinalize(this);
        }

        private void Free()
        {
            var handle = Interlocked.Exchange(ref _handle, IntPtr.Zero);
            if (handle != IntPtr.Zero) Native.kd_tensor_free(handle);
            if (Interlocked.Exchange(ref _freed, 1) == 0) Interlocked.Decrement(ref _totalCount);
        }

        private int _freed;

        /// <summary>Gives the reference away and leaves this object invalid.</summary>
        internal IntPtr MoveHandle()
        {
            var handle = Interlocked.Exchange(ref _handle, IntPtr.Zero);
            Dispose();
            return handle;
        }

        /// <summary>Moves the tensor one scope out; out of the outermost it is detached.</summary>
        public Tensor MoveToOuterDisposeScope()
        {
            OwningDisposeScope?.MoveToOuter(this);
            return this;
        }

        /// <summary>Takes the tensor out of all scopes.</summary>
        public Tensor DetachFromDisposeScope()
        {
            OwningDisposeScope?.Detach(this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(Tensor other) => MoveToOtherDisposeScope(other.OwningDisposeScope);

        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            if (OwningDisposeScope is null) other?.Attach(this);
            else OwningDisposeScope.MoveToOther(other, this);
            return this;
        }

        public ScalarType dtype => (ScalarType)Native.kd_tensor_dtype(Handle);

        public Device device
        {
            get
            {
                int type, index;
                Native.kd_tensor_device(Handle, &type, &index);
                return new Device((DeviceType)type, index);
            }
        }

        public DeviceType device_type => device.type;

        public int device_index => device.index;

        public bool is_cuda => device_type == DeviceType.CUDA;

        public bool is_cpu() => device_type == DeviceType.CPU;

        public bool is_meta => device_type == DeviceType.META;

        public long[] shape => Shape(strides: false);

        public long[] size() => shape;

        public long size(int dim) => shape[dim < 0 ? dim + Dimensions : dim];

        public long[] stride() => Shape(strides: true);

        public long stride(int dim) => stride()[dim < 0 ? dim + Dimensions : dim];

        private long[] Shape(bool strides)
        {
            var count = Native.kd_tensor_dim(Handle);
            if (count == 0) return [];
            long[] sizes = new long[count], steps = new long[count];
            fixed (long* to = sizes, stepsTo = steps) _ = Native.kd_tensor_shape(Handle, to, stepsTo, count);
            return strides ? steps : sizes;
        }

        public long Dimensions => Native.kd_tensor_dim(Handle);

        public long dim() => Dimensions;

        public long ndim => Dimensions;

        public long NumberOfElements => Native.kd_tensor_numel(Handle);

        public long numel() => NumberOfElements;

        public long ElementSize => Native.kd_tensor_element_size(Handle);

        public long element_size() => ElementSize;

        public long storage_offset() => Native.kd_tensor_storage_offset(Handle);

        public bool is_contiguous() => Native.kd_tensor_is_contiguous(Handle, 0) != 0;

        public bool is_floating_point() => torch.is_floating_point(dtype);

        public bool is_integral() => torch.is_integral(dtype);

        public bool requires_grad
        {
            get => Native.kd_tensor_requires_grad(Handle) != 0;
            set => Native.Check(Native.kd_tensor_set_requires_grad(Handle, value ? 1 : 0));
        }

        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        public Tensor with_requires_grad(bool requires_grad = true) => requires_grad_(requires_grad);

        public bool is_leaf => Native.kd_tensor_is_leaf(Handle) != 0;

        public void retain_grad() => Native.Check(Native.kd_tensor_retain_grad(Handle));

        /// <summary>The accumulated gradient, or null. Each read makes a tensor object, owned by the current scope.</summary>
        public Tensor? grad
        {
            get
            {
                var found = Native.kd_tensor_grad(Handle);
                return found == IntPtr.Zero ? null : new Tensor(found);
            }
            set
            {
                Native.Check(Native.kd_tensor_set_grad(Handle, value is null ? IntPtr.Zero : value.Handle));
                GC.KeepAlive(value);
            }
        }

        public void backward() => autograd.backward(this);

        public void backward(IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null) =>
            autograd.backward(this, grad_tensors, retain_graph || create_graph, create_graph, inputs);

        /// <summary>Another object for the same tensor.</summary>
        public Tensor alias() => new(Native.kd_tensor_share(Handle));

        /// <summary>Shares the contents of <paramref name="source"/>, unseen by autograd.</summary>
        internal void SetData(Tensor source)
        {
            Native.Check(Native.kd_tensor_set_data(Handle, source.Handle));
            GC.KeepAlive(source);
        }

        internal void* DataPointer
        {
            get
            {
                void* data;
                Native.Check(Native.kd_tensor_data(Handle, &data));
                return data;
            }
        }

        /// <summary>The elements of a contiguous CPU tensor as they lie in memory. The span must not outlive the tensor.</summary>
        /// <exception cref="InvalidOperationException">The tensor is not contiguous, or not on the CPU.</exception>
        /// <exception cref="ArgumentException">It has more bytes than a span can.</exception>
        public Span<byte> bytes
        {
            get
            {
                var count = NumberOfElements * ElementSize;
                RequireReadable();
                if (!is_contiguous()) throw new InvalidOperationException("bytes: the tensor is not contiguous; call contiguous() first.");
                if (count > int.MaxValue) throw new ArgumentException($"bytes: the tensor has {count} bytes; a span holds at most {int.MaxValue}.");
                return new Span<byte>(DataPointer, (int)count);
            }
            set
            {
                var target = bytes;
                if (target.Length != value.Length) throw new ArgumentException($"bytes: {value.Length} bytes given; the tensor has {target.Length}.");
                value.CopyTo(target);
            }
        }

        private void RequireReadable()
        {
            if (!is_cpu())
                throw new InvalidOperationException("Reading data from non-CPU memory is not supported. Move or copy the tensor to the cpu before reading.");
        }

        /// <summary>Reads and writes single elements of a CPU tensor.</summary>
        /// <exception cref="ArgumentException">The elements are of another type.</exception>
        public Utils.TensorAccessor<T> data<T>() where T : unmanaged
        {
            RequireReadable();
            RequireType<T>();
            return new Utils.TensorAccessor<T>(this);
        }

        /// <summary>The value of a tensor with one element.</summary>
        /// <exception cref="ArgumentException">The tensor has another number or type of elements.</exception>
        public T item<T>() where T : unmanaged
        {
            if (NumberOfElements != 1) throw new ArgumentException($"item: the tensor has {NumberOfElements} elements, not one.");
            RequireType<T>();
            if (is_cpu()) return *(T*)DataPointer;
            var local = Aten.Call("_to_copy", this, Arg.None, Arg.None, CPU);
            using (local) return *(T*)local.DataPointer;
        }

        private void RequireType<T>()
        {
            if (ToScalarType(typeof(T)) != dtype) throw new ArgumentException($"{typeof(T)} asked for; the tensor's elements are {dtype}.");
        }

        /// <summary>The value of a tensor with one element, whatever its type and device.</summary>
        public Scalar ToScalar()
        {
            var value = Aten.CallValue("item", this);
            return value.Tag switch
            {
                Tag.Double => value.Number,
                Tag.Bool => value.Bits != 0,
                _ => value.Bits,
            };
        }

        public void WriteBytesToStream(Stream stream, int bufferSize = 1024)
        {
            ArgumentNullException.ThrowIfNull(stream);
            if (!is_contiguous()) throw new InvalidOperationException("WriteBytesToStream: the tensor is not contiguous.");
            ForPieces((piece) => stream.Write(new ReadOnlySpan<byte>((void*)piece.Start, piece.Length)));
        }

        public void ReadBytesFromStream(Stream stream, int bufferSize = 1024)
        {
            ArgumentNullException.ThrowIfNull(stream);
            if (!is_contiguous()) throw new InvalidOperationException("ReadBytesFromStream: the tensor is not contiguous.");
            ForPieces((piece) => stream.ReadExactly(new Span<byte>((void*)piece.Start, piece.Length)));
        }

        // A tensor may have more bytes than a span.
        private void ForPieces(Action<(IntPtr Start, int Length)> body)
        {
            RequireReadable();
            var start = (byte*)DataPointer;
            for (var left = NumberOfElements * ElementSize; left > 0;)
            {
                var length = (int)Math.Min(left, 1 << 30);
                body(((IntPtr)start, length));
                start += length;
                left -= length;
            }
            GC.KeepAlive(this);
        }

        public override bool Equals(object? obj) => ReferenceEquals(this, obj);

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

        public override string ToString() => _handle == IntPtr.Zero
            ? "[disposed]"
            : $"[{string.Join('x', shape)}], type = {dtype}, device = {device}";
    }
}
