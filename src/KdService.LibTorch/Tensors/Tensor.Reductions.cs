using static TorchSharp.Interop.Aten;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor sum(ScalarType? type = null) => Call("sum", this, type);
        public Tensor sum(long[] dim, bool keepdim = false, ScalarType? type = null) => Call("sum.dim_IntList", this, dim, keepdim, type);
        public Tensor sum(ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null) => sum(dim.ToArray(), keepdim, type);
        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => sum([dim], keepdim, type);
        public Tensor sum(long dim0, long dim1, bool keepdim = false, ScalarType? type = null) => sum([dim0, dim1], keepdim, type);
        public Tensor sum(long dim0, long dim1, long dim2, bool keepdim = false, ScalarType? type = null) => sum([dim0, dim1, dim2], keepdim, type);
        public Tensor mean() => Call("mean", this);
        public Tensor mean(long[] dimensions, bool keepdim = false, ScalarType? type = null) => Call("mean.dim", this, dimensions, keepdim, type);
        public Tensor prod(ScalarType? type = null) => Call("prod", this, type);
        public Tensor prod(long dim, bool keepdim = false, ScalarType? type = null) => Call("prod.dim_int", this, dim, keepdim, type);
        public Tensor std(bool unbiased = true) => Call("std", this, unbiased);
        public Tensor std(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => std([dim], unbiased, keepdim, type);
        public Tensor std(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => As(Call("std.dim", this, dimensions, unbiased, keepdim), type);
        public Tensor var(bool unbiased = true) => Call("var", this, unbiased);
        public Tensor var(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => var([dim], unbiased, keepdim, type);
        public Tensor var(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => As(Call("var.dim", this, dimensions, unbiased, keepdim), type);
        public (Tensor var, Tensor mean) var_mean(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null)
        {
            var (variance, mean) = Call2("var_mean.dim", this, dimensions, unbiased, keepdim);
            return (As(variance, type), As(mean, type));
        }

        public Tensor all() => Call("all", this);
        public Tensor all(long dim, bool keepdim = false) => Call("all.dim", this, dim, keepdim);
        public Tensor any() => Call("any", this);
        public Tensor any(long dim, bool keepdim = false) => Call("any.dim", this, dim, keepdim);
        public Tensor max() => Call("max", this);
        public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false) => Call2("max.dim", this, dim, keepdim);
        public Tensor min() => Call("min", this);
        public (Tensor values, Tensor indexes) min(long dim, bool keepdim = false) => Call2("min.dim", this, dim, keepdim);
        public Tensor amax(long[] dims, bool keepdim = false, Tensor? @out = null) => Into(@out, Call("amax", this, dims, keepdim));
        public Tensor amax(params long[] dims) => amax(dims, false);
        public Tensor amin(long[] dims, bool keepdim = false, Tensor? @out = null) => Into(@out, Call("amin", this, dims, keepdim));
        public Tensor amin(params long[] dims) => amin(dims, false);
        public Tensor argmax() => Call("argmax", this);
        public Tensor argmax(long dim, bool keepdim = false) => Call("argmax", this, dim, keepdim);
        public Tensor argmin() => Call("argmin", this);
        public Tensor argmin(long dim, bool keepdim = false) => Call("argmin", this, dim, keepdim);
        public Tensor argsort(long dim = -1, bool descending = false) => Call("argsort", this, dim, descending);
        public (Tensor Values, Tensor Indices) sort(long dim = -1, bool descending = false, bool stable = false) => Call2("sort.stable", this, stable, dim, descending);
        public (Tensor values, Tensor indexes) topk(int k, int dim = -1, bool largest = true, bool sorted = true) => Call2("topk", this, (long)k, (long)dim, largest, sorted);
        public (Tensor values, Tensor indices) kthvalue(long k, long? dim, bool keepdim = false) => Call2("kthvalue", this, k, dim ?? -1, keepdim);
        public Tensor median() => Call("median", this);
        public Tensor quantile(Tensor q, long dim = -1, bool keepdim = false) => Call("quantile", this, q, dim, keepdim);
        public Tensor norm(float p = 2.0f) => Call("norm.Scalar", this, (double)p);
        public Tensor norm(int dim, bool keepdim = false, float p = 2.0f) => Call("norm.ScalarOpt_dim", this, (double)p, new long[] { dim }, keepdim);
        public Tensor dist(Tensor other, float p = 2.0f) => Call("dist", this, other, (double)p);
        public Tensor logsumexp(long dim, bool keepdim = false) => Call("logsumexp", this, new[] { dim }, keepdim);
        public Tensor softmax(long dim, ScalarType? dtype = null) => Call("softmax.int", this, dim, dtype);
        public Tensor log_softmax(long dim, ScalarType? dtype = null) => Call("log_softmax.int", this, dim, dtype);
        public Tensor cumsum(long dim, ScalarType? type = null) => Call("cumsum", this, dim, type);
        public Tensor cumprod(long dim, ScalarType? type = null) => Call("cumprod", this, dim, type);
        public Tensor count_nonzero(long[]? dims = null) => dims is null ? Call("count_nonzero", this) : Call("count_nonzero.dim_IntList", this, dims);
        public Tensor nansum() => Call("nansum", this);
        public Tensor bincount(Tensor? weights, long minlength = 0) => Call("bincount", this, weights, minlength);
        public Tensor histc(long bins = 100, long min = 0, long max = 0) => Call("histc", this, bins, (double)min, (double)max);
        public (Tensor output, Tensor? inverse_indices, Tensor? counts) unique(bool sorted = true, bool return_inverse = false, bool return_counts = false, int? dim = null) =>
            dim is { } given
                ? Call3("unique_dim", this, (long)given, sorted, return_inverse, return_counts)
                : Call3("_unique2", this, sorted, return_inverse, return_counts);

        private static Tensor As(Tensor tensor, ScalarType? type) => type is { } given ? tensor.to(given) : tensor;

        private static Tensor Into(Tensor? target, Tensor result) => target is null ? result : target.copy_(result);
    }
}
