using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules
{
    /// <summary>
    /// Ioffe and Szegedy 2015 (arXiv:1502.03167), algorithm 1. In training it uses the batch's statistics and moves the running
    /// ones towards them (the variance unbiased); in evaluation it uses the running ones.
    /// </summary>
    public abstract class BatchNorm : Module<Tensor, Tensor>
    {
        private protected BatchNorm(string name, long numFeatures, double eps, double? momentum, bool affine, bool trackRunningStats,
            Device? device, ScalarType? dtype) : base(name)
        {
            (num_features, this.eps, this.momentum, this.affine, track_running_stats) = (numFeatures, eps, momentum, affine, trackRunningStats);
            if (affine)
            {
                weight = ones(numFeatures, dtype, device).AsParameter();
                bias = zeros(numFeatures, dtype, device).AsParameter();
                register_parameter(nameof(weight), weight);
                register_parameter(nameof(bias), bias);
            }
            if (!trackRunningStats) return;
            register_buffer(nameof(running_mean), running_mean = zeros(numFeatures, dtype, device));
            register_buffer(nameof(running_var), running_var = ones(numFeatures, dtype, device));
            register_buffer(nameof(num_batches_tracked), num_batches_tracked = zeros([], ScalarType.Int64, device));
        }

        public Parameter? weight { get; }

        public Parameter? bias { get; }

        public Tensor? running_mean { get; }

        public Tensor? running_var { get; }

        public Tensor? num_batches_tracked { get; }

        public long num_features { get; }

        public double eps { get; set; }

        /// <summary>The share of the newest batch in the running statistics; null is a plain average over all batches.</summary>
        public double? momentum { get; set; }

        public bool affine { get; }

        public bool track_running_stats { get; }

        /// <summary>Whether statistics come from the batch: in training, and always where none are tracked.</summary>
        internal bool UsesBatchStatistics => training || running_mean is null;

        /// <summary>Counts a training batch; returns its share in the running statistics.</summary>
        internal double CountBatch()
        {
            if (!training || num_batches_tracked is null) return momentum ?? 0;
            using var unrecorded = no_grad();
            num_batches_tracked.add_(1);
            return momentum ?? 1.0 / num_batches_tracked.ToInt64();
        }

        public override Tensor forward(Tensor input)
        {
            ValidateInputDimensions(input);
            var share = CountBatch();
            return functional.batch_norm(input, training && !track_running_stats ? null : running_mean,
                training && !track_running_stats ? null : running_var, weight, bias, UsesBatchStatistics, share, eps);
        }

        private protected abstract void ValidateInputDimensions(Tensor input);

        public void reset_running_stats()
        {
            running_mean?.zero_();
            running_var?.fill_(1);
            num_batches_tracked?.zero_();
        }

        protected override void RegisterComponents()
        {
        }
    }

    /// <summary>Over <c>[batch, features]</c> or <c>[batch, features, length]</c>.</summary>
    public sealed class BatchNorm1d : BatchNorm
    {
        internal BatchNorm1d(long numFeatures, double eps, double? momentum, bool affine, bool track, Device? device, ScalarType? dtype)
            : base(nameof(BatchNorm1d), numFeatures, eps, momentum, affine, track, device, dtype)
        {
        }

        private protected override void ValidateInputDimensions(Tensor input)
        {
            if (input.ndim is not (2 or 3)) throw new ArgumentException($"BatchNorm1d: expected 2D or 3D input (got {input.ndim}D input)");
        }
    }

    /// <summary>Over <c>[batch, features, height, width]</c>.</summary>
    public sealed class BatchNorm2d : BatchNorm
    {
        internal BatchNorm2d(long numFeatures, double eps, double? momentum, bool affine, bool track, Device? device, ScalarType? dtype)
            : base(nameof(BatchNorm2d), numFeatures, eps, momentum, affine, track, device, dtype)
        {
        }

        private protected override void ValidateInputDimensions(Tensor input)
        {
            if (input.ndim != 4) throw new ArgumentException($"BatchNorm2d: expected 4D input (got {input.ndim}D input)");
        }
    }

    /// <summary>Ba, Kiros and Hinton 2016 (arXiv:1607.06450), over the last dimensions.</summary>
    public sealed class LayerNorm : Module<Tensor, Tensor>
    {
        internal LayerNorm(long[] normalizedShape, double eps, bool affine, bool hasBias, Device? device, ScalarType? dtype) : base(nameof(LayerNorm))
        {
            (normalized_shape, this.eps) = (normalizedShape, eps);
            if (!affine) return;
            weight = ones(normalizedShape, dtype, device).AsParameter();
            register_parameter(nameof(weight), weight);
            if (!hasBias) return;
            bias = zeros(normalizedShape, dtype, device).AsParameter();
            register_parameter(nameof(bias), bias);
        }

        public Parameter? weight { get; }

        public Parameter? bias { get; }

        public long[] normalized_shape { get; }

        public double eps { get; set; }

        public override Tensor forward(Tensor input) => functional.layer_norm(input, normalized_shape, weight, bias, eps);

        protected override void RegisterComponents()
        {
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static BatchNorm1d BatchNorm1d(long num_features, double eps = 1e-05, double momentum = 0.1, bool affine = true,
                bool track_running_stats = true, Device? device = null, ScalarType? dtype = null) =>
                new(num_features, eps, momentum, affine, track_running_stats, device, dtype);

            public static BatchNorm2d BatchNorm2d(long num_features, double eps = 1e-05, double momentum = 0.1, bool affine = true,
                bool track_running_stats = true, Device? device = null, ScalarType? dtype = null) =>
                new(num_features, eps, momentum, affine, track_running_stats, device, dtype);

            public static LayerNorm LayerNorm(long[] normalized_shape, double eps = 1e-05, bool elementwise_affine = true, bool bias = true,
                Device? device = null, ScalarType? dtype = null) =>
                new(normalized_shape, eps, elementwise_affine, bias, device, dtype);

            public static LayerNorm LayerNorm(long normalized_shape, double eps = 1e-05, bool elementwise_affine = true, bool bias = true,
                Device? device = null, ScalarType? dtype = null) =>
                new([normalized_shape], eps, elementwise_affine, bias, device, dtype);
        }
    }
}
