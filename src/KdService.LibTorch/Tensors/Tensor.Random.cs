using TorchSharp.Interop;
using static TorchSharp.Interop.Aten;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor bernoulli(Generator? generator = null) => Call("bernoulli", this, generator);
        public Tensor bernoulli_(double p = 0.5, Generator? generator = null) => InPlace("bernoulli_.float", this, p, generator);
        public Tensor bernoulli_(Tensor p, Generator? generator = null) => InPlace("bernoulli_.Tensor", this, p, generator);
        public Tensor multinomial(long num_samples, bool replacement = false, Generator? generator = null) => Call("multinomial", this, num_samples, replacement, generator);
        public Tensor normal_(double mean = 0.0, double std = 1.0, Generator? generator = null) => InPlace("normal_", this, mean, std, generator);
        public Tensor uniform_(double from, double to, Generator? generator = null) => InPlace("uniform_", this, from, to, generator);
        public Tensor random_(double from, double to, Generator? generator = null) => InPlace("random_.from", this, (long)from, (long)to, generator);
        public Tensor exponential_(double lambda = 1.0, Generator? generator = null) => InPlace("exponential_", this, lambda, generator);
        public Tensor rand_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Call("rand_like", this, dtype, Arg.None, device).requires_grad_(requires_grad);
        public Tensor randn_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Call("randn_like", this, dtype, Arg.None, device).requires_grad_(requires_grad);
        public Tensor randint_like(long low, long high, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Call("randint_like.low_dtype", this, low, high, dtype, Arg.None, device).requires_grad_(requires_grad);
        public Tensor zeros_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Call("zeros_like", this, dtype, Arg.None, device).requires_grad_(requires_grad);
        public Tensor ones_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Call("ones_like", this, dtype, Arg.None, device).requires_grad_(requires_grad);
        public Tensor empty_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Call("empty_like", this, dtype, Arg.None, device).requires_grad_(requires_grad);
        public Tensor full_like(Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Call("full_like", this, value, dtype, Arg.None, device).requires_grad_(requires_grad);
        public Tensor new_zeros(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Call("new_zeros", this, size, dtype, Arg.None, device).requires_grad_(requires_grad);
        public Tensor new_ones(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Call("new_ones", this, size, dtype, Arg.None, device).requires_grad_(requires_grad);
        public Tensor new_empty(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Call("new_empty", this, size, dtype, Arg.None, device).requires_grad_(requires_grad);
        public Tensor new_full(long[] size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Call("new_full", this, size, value, dtype, Arg.None, device).requires_grad_(requires_grad);
    }
}
