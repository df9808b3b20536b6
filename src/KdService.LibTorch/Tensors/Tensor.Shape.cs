using TorchSharp.Interop;
using static TorchSharp.Interop.Aten;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor view(params long[] shape) => Call("view", this, shape);
        public Tensor view_as(Tensor other) => view(other.shape);
        public Tensor reshape(params long[] shape) => Call("reshape", this, shape);
        public Tensor flatten(long start_dim = 0, long end_dim = -1) => Call("flatten.using_ints", this, start_dim, end_dim);
        public Tensor unflatten(long dim, params long[] sizes) => Call("unflatten.int", this, dim, sizes);
        public Tensor permute(params long[] permutation) => Call("permute", this, permutation);
        public Tensor permute(IEnumerable<long> permutation) => permute(permutation.ToArray());
        public Tensor transpose(long dim0, long dim1) => Call("transpose.int", this, dim0, dim1);
        public Tensor transpose_(long dim0, long dim1) => InPlace("transpose_", this, dim0, dim1);
        public Tensor swapdims(long dim0, long dim1) => transpose(dim0, dim1);
        public Tensor swapaxes(long dim0, long dim1) => transpose(dim0, dim1);
        public Tensor movedim(long[] source, long[] destination) => Call("movedim.intlist", this, source, destination);
        public Tensor t() => Call("t", this);
        public Tensor T => Call("numpy_T", this);
        public Tensor mT => transpose(-2, -1);
        public Tensor squeeze(long? dim = null) => dim is { } given ? Call("squeeze.dim", this, given) : Call("squeeze", this);
        public Tensor squeeze_(long? dim = null) => dim is { } given ? InPlace("squeeze_.dim", this, given) : InPlace("squeeze_", this);
        public Tensor unsqueeze(long dim) => Call("unsqueeze", this, dim);
        public Tensor unsqueeze_(long dim) => InPlace("unsqueeze_", this, dim);
        public Tensor expand(params long[] sizes) => Call("expand", this, sizes);
        public Tensor expand(long[] sizes, bool isImplicit = false) => Call("expand", this, sizes, isImplicit);
        public Tensor expand(ReadOnlySpan<long> sizes, bool isImplicit = false) => expand(sizes.ToArray(), isImplicit);
        public Tensor expand_as(Tensor other) => expand(other.shape);
        public Tensor broadcast_to(params long[] shape) => Call("broadcast_to", this, shape);
        public Tensor repeat(params long[] sizes) => Call("repeat", this, sizes);
        public Tensor repeat_interleave(long repeats, long? dim = null, long? output_size = null) => Call("repeat_interleave.self_int", this, repeats, dim, output_size);
        public Tensor repeat_interleave(Tensor repeats, long? dim = null, long? output_size = null) => Call("repeat_interleave.self_Tensor", this, repeats, dim, output_size);
        public Tensor tile(long[] reps) => Call("tile", this, reps);
        public Tensor contiguous() => Call("contiguous", this);
        public Tensor as_strided(long[] size, long[] strides, long storageOffset = 0L) => Call("as_strided", this, size, strides, storageOffset);
        public Tensor flip(params long[] dims) => Call("flip", this, dims);
        public Tensor fliplr() => Call("fliplr", this);
        public Tensor flipud() => Call("flipud", this);
        public Tensor roll(long shifts, long? dims = null) => roll([shifts], dims is { } given ? [given] : []);
        public Tensor roll(long[] shifts, long[] dims) => Call("roll", this, shifts, dims);
        public Tensor ravel() => Call("ravel", this);
        public Tensor unfold(long dimension, long size, long step) => Call("unfold", this, dimension, size, step);
        public Tensor[] unbind(long dimension = 0L) => CallList("unbind.int", this, dimension);
        public Tensor[] chunk(long chunks, long dim = 0L) => CallList("chunk", this, chunks, dim);
        public Tensor[] split(long size, int dim = 0) => CallList("split.Tensor", this, size, (long)dim);
        public Tensor[] split(long[] sizes, long dim = 0) => CallList("split_with_sizes", this, sizes, dim);
        public Tensor narrow(long dim, long start, long length) => Call("narrow", this, dim, start, length);
        public Tensor slice(long dim, long start, long finish, long step) => Call("slice.Tensor", this, dim, start, finish, step);
        public Tensor select(long dim, long index) => Call("select.int", this, dim, index);
        public Tensor tril(long diagonal = 0) => Call("tril", this, diagonal);
        public Tensor triu(long diagonal = 0) => Call("triu", this, diagonal);
        public Tensor diag(long diagonal = 0) => Call("diag", this, diagonal);
        public Tensor diagonal(long offset = 0L, long dim1 = 0L, long dim2 = 1L) => Call("diagonal", this, offset, dim1, dim2);
        public Tensor diag_embed(long offset = 0L, long dim1 = -2L, long dim2 = -1L) => Call("diag_embed", this, offset, dim1, dim2);
        public Tensor trace() => Call("trace", this);

        public Tensor matmul(Tensor target) => Call("matmul", this, target);
        public Tensor mm(Tensor target) => Call("mm", this, target);
        public Tensor mv(Tensor target) => Call("mv", this, target);
        public Tensor bmm(Tensor batch2) => Call("bmm", this, batch2);
        public Tensor dot(Tensor target) => Call("dot", this, target);
        public Tensor outer(Tensor vec2) => Call("outer", this, vec2);
        public Tensor addmm(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) => Call("addmm", this, mat1, mat2, (double)beta, (double)alpha);
        public Tensor baddbmm(Tensor batch1, Tensor batch2, float beta = 1, float alpha = 1) => Call("baddbmm", this, batch1, batch2, (double)beta, (double)alpha);

        public Tensor to(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            After(disposeAfter, Call("to.dtype", this, type, non_blocking, copy));
        public Tensor to(Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            After(disposeAfter, Call("to.dtype_layout", this, dtype, Arg.None, device, Arg.None, non_blocking, copy));
        public Tensor to(ScalarType type, Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            After(disposeAfter, Call("to.device", this, device, type, non_blocking, copy));
        public Tensor to(DeviceType deviceType, int deviceIndex = -1, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            to(new Device(deviceType, deviceIndex), copy, disposeAfter, non_blocking);
        public Tensor to(string device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            to(new Device(device), copy, disposeAfter, non_blocking);
        public Tensor to(Tensor other, bool non_blocking = false) => Call("to.other", this, other, non_blocking);
        public Tensor to_type(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false) => to(type, copy, disposeAfter, non_blocking);
        public Tensor type_as(Tensor tensor) => to(tensor.dtype);
        public Tensor type(ScalarType dtype) => to(dtype);
        public Tensor cpu() => to(CPU);
        public Tensor cuda(Device? device = null, bool non_blocking = false) => to(device ?? CUDA, non_blocking: non_blocking);
        public Tensor pin_memory() => Call("pin_memory", this);
        public Tensor @bool() => to(ScalarType.Bool);
        public Tensor @byte() => to(ScalarType.Byte);
        public Tensor @short() => to(ScalarType.Int16);
        public Tensor @int() => to(ScalarType.Int32);
        public Tensor @long() => to(ScalarType.Int64);
        public Tensor half() => to(ScalarType.Float16);
        public Tensor bfloat16() => to(ScalarType.BFloat16);
        public Tensor @float() => to(ScalarType.Float32);
        public Tensor @double() => to(ScalarType.Float64);

        private Tensor After(bool dispose, Tensor result)
        {
            if (dispose) Dispose();
            return result;
        }
    }
}
