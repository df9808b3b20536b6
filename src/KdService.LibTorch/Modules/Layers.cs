using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules
{
    /// <summary>y = x Wᵀ + b; weight <c>[out, in]</c>.</summary>
    public sealed class Linear : Module<Tensor, Tensor>
    {
        internal Linear(long inputSize, long outputSize, bool hasBias, Device? device, ScalarType? dtype) : base(nameof(Linear))
        {
            (in_features, out_features) = (inputSize, outputSize);
            weight = empty(outputSize, inputSize, dtype, device).AsParameter();
            init.kaiming_uniform_(weight, Math.Sqrt(5));
            if (hasBias)
            {
                bias = empty(outputSize, dtype, device).AsParameter();
                var bound = inputSize > 0 ? 1 / Math.Sqrt(inputSize) : 0;
                init.uniform_(bias, -bound, bound);
            }
            Register();
        }

        internal Linear(Parameter weight, Parameter? bias) : base(nameof(Linear))
        {
            (this.weight, this.bias) = (weight, bias);
            (in_features, out_features) = (weight.shape[1], weight.shape[0]);
            Register();
        }

        public Parameter weight { get; }

        public Parameter? bias { get; }

        public long in_features { get; }

        public long out_features { get; }

        private void Register()
        {
            register_parameter(nameof(weight), weight);
            if (bias is not null) register_parameter(nameof(bias), bias);
        }

        public override Tensor forward(Tensor input) => functional.linear(input, weight, bias);

        protected override void RegisterComponents()
        {
        }
    }

    /// <summary>A row of <c>weight</c> <c>[num_embeddings, embedding_dims]</c> for each index.</summary>
    public sealed class Embedding : Module<Tensor, Tensor>
    {
        private readonly long? _paddingIdx;
        private readonly bool _scaleByFrequency;

        internal Embedding(long numEmbeddings, long embeddingDims, long? paddingIdx, bool scaleByFrequency, Device? device, ScalarType? dtype)
            : base(nameof(Embedding))
        {
            (_paddingIdx, _scaleByFrequency) = (paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx, scaleByFrequency);
            weight = empty(numEmbeddings, embeddingDims, dtype, device).AsParameter();
            init.normal_(weight);
            if (_paddingIdx is { } row)
            {
                using var unrecorded = no_grad();
                using var scope = NewDisposeScope();
                weight.select(0, row).zero_();
            }
            register_parameter(nameof(weight), weight);
        }

        public Parameter weight { get; }

        public override Tensor forward(Tensor input) =>
            Interop.Aten.Call("embedding", weight, input, _paddingIdx ?? -1, _scaleByFrequency);

        protected override void RegisterComponents()
        {
        }
    }

    /// <summary>Zeroes each element with probability p in training and scales the others by 1 / (1 - p).</summary>
    public sealed class Dropout : Module<Tensor, Tensor>
    {
        internal Dropout(double p, bool inplace) : base(nameof(Dropout)) => (this.p, this.inplace) = (p, inplace);

        public double p { get; set; }

        public bool inplace { get; set; }

        public override Tensor forward(Tensor input) => functional.dropout(input, p, training, inplace);
    }

    public sealed class Flatten : Module<Tensor, Tensor>
    {
        internal Flatten(long startDim, long endDim) : base(nameof(Flatten)) => (start_dim, end_dim) = (startDim, endDim);

        public long start_dim { get; set; }

        public long end_dim { get; set; }

        public override Tensor forward(Tensor input) => input.flatten(start_dim, end_dim);
    }

    public sealed class Identity : Module<Tensor, Tensor>
    {
        internal Identity() : base(nameof(Identity))
        {
        }

        public override Tensor forward(Tensor input) => input.alias();
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Linear Linear(long inputSize, long outputSize, bool hasBias = true, Device? device = null, ScalarType? dtype = null) =>
                new(inputSize, outputSize, hasBias, device, dtype);

            public static Linear Linear(Parameter weight, Parameter? bias = null) => new(weight, bias);

            /// <exception cref="NotSupportedException">Sparse gradients or a maximum norm are asked for.</exception>
            public static Embedding Embedding(long num_embeddings, long embedding_dims, long? padding_idx = null, double? max_norm = null,
                double norm_type = 2.0, bool scale_grad_by_freq = false, bool sparse = false, Device? device = null, ScalarType? dtype = null) =>
                max_norm is null && !sparse
                    ? new(num_embeddings, embedding_dims, padding_idx, scale_grad_by_freq, device, dtype)
                    : throw new NotSupportedException("Embedding: max_norm and sparse are not served by this provider.");

            public static Dropout Dropout(double p = 0.5, bool inplace = false) => new(p, inplace);

            public static Flatten Flatten(long start_dim = 1, long end_dim = -1) => new(start_dim, end_dim);

            public static Identity Identity() => new();
        }
    }
}
