using TorchSharp.Modules;
using static TorchSharp.Interop.Aten;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            public static Tensor relu(Tensor x, bool inplace = false) => inplace ? x.relu_().alias() : x.relu();
            public static Tensor relu6(Tensor x, bool inplace = false) => inplace ? x.relu6_().alias() : x.relu6();
            public static Tensor tanh(Tensor x, bool inplace = false) => inplace ? x.tanh_().alias() : x.tanh();
            public static Tensor sigmoid(Tensor x, bool inplace = false) => inplace ? x.sigmoid_().alias() : x.sigmoid();
            public static Tensor silu(Tensor x, bool inplace = false) => inplace ? x.silu_().alias() : x.silu();
            public static Tensor gelu(Tensor x) => x.gelu();
            public static Tensor gelu(Tensor x, bool inplace) => inplace ? x.gelu_().alias() : x.gelu();
            public static Tensor gelu(Tensor x, GELU.Approximate approximate, bool inplace = false) =>
                inplace ? InPlace("gelu_", x, approximate.ToString()).alias() : Call("gelu", x, approximate.ToString());
            public static Tensor leaky_relu(Tensor input, double negative_slope = 0.01, bool inplace = false) =>
                inplace ? input.leaky_relu_(negative_slope).alias() : input.leaky_relu(negative_slope);
            public static Tensor elu(Tensor input, double alpha, bool inplace = false) => inplace ? input.elu_(alpha).alias() : input.elu(alpha);
            public static Tensor softplus(Tensor input, double beta = 1.0, double threshold = 20.0) => input.softplus(beta, threshold);
            public static Tensor logsigmoid(Tensor input) => input.log_sigmoid();
            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => input.softmax(dim, dtype);
            public static Tensor log_softmax(Tensor x, long dim) => x.log_softmax(dim);

            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null) => Call("linear", input, weights, bias);

            public static Tensor conv2d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null,
                long[]? dilation = null, long groups = 1) =>
                Call("conv2d", input, weight, bias, strides ?? [1, 1], padding ?? [0, 0], dilation ?? [1, 1], groups);

            public static Tensor conv_transpose2d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null,
                long[]? output_padding = null, long[]? dilation = null, long groups = 1) =>
                Call("conv_transpose2d.input", input, weight, bias, strides ?? [1, 1], padding ?? [0, 0], output_padding ?? [0, 0], groups, dilation ?? [1, 1]);

            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true, bool inplace = false) =>
                inplace ? InPlace("dropout_", input, p, training).alias() : Call("dropout", input, p, training);

            public static Tensor embedding(Tensor x, Tensor weight, long? padding_idx = null) => Call("embedding", weight, x, padding_idx ?? -1);

            public static Tensor one_hot(Tensor x, long num_classes = -1) => Call("one_hot", x, num_classes);

            /// <exception cref="ArgumentException">In training, one value a channel: it has no variance.</exception>
            public static Tensor batch_norm(Tensor input, Tensor? running_mean, Tensor? running_var, Tensor? weight = null, Tensor? bias = null,
                bool training = false, double momentum = 0.1, double eps = 1e-5)
            {
                if (training && input.numel() == input.size(1))
                    throw new ArgumentException($"batch_norm: expected more than 1 value per channel when training, got input of shape [{string.Join(", ", input.shape)}]");
                return Call("batch_norm", input, weight, bias, running_mean, running_var, training, momentum, eps, true);
            }

            public static Tensor layer_norm(Tensor input, long[] normalized_shape, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) =>
                Call("layer_norm", input, normalized_shape, weight, bias, eps);

            public static Tensor group_norm(Tensor input, long num_groups, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) =>
                Call("group_norm", input, num_groups, weight, bias, eps);

            /// <summary>x / max(‖x‖ₚ, eps) along <paramref name="dim"/>.</summary>
            public static Tensor normalize(Tensor input, double p = 2.0, long dim = 1L, double eps = 1e-12)
            {
                using var scope = NewDisposeScope();
                var norm = Call("norm.ScalarOpt_dim", input, p, new[] { dim }, true).clamp_min(eps);
                return (input / norm).MoveToOuterDisposeScope();
            }

            public static Tensor cosine_similarity(Tensor x1, Tensor x2, long dim = 1, double eps = 1e-8) => Call("cosine_similarity", x1, x2, dim, eps);

            public static Tensor pairwise_distance(Tensor input1, Tensor input2, double p = 2.0, double eps = 1e-6, bool keepdim = false) =>
                Call("pairwise_distance", input1, input2, p, eps, keepdim);

            public static Tensor max_pool2d(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) =>
                Call("max_pool2d", input, kernel_size, strides ?? [], padding ?? [0], dilation ?? [1], ceil_mode);

            public static Tensor max_pool2d(Tensor input, long kernel_size, long? stride = null, long? padding = null, long? dilation = null, bool ceil_mode = false) =>
                max_pool2d(input, Square(kernel_size), Square(stride), Square(padding), Square(dilation), ceil_mode);

            public static Tensor avg_pool2d(Tensor input, long[] kernel_size, long[]? strides = null, long[]? paddings = null, bool ceil_mode = false,
                bool count_include_pad = true, long? divisor_override = null) =>
                Call("avg_pool2d", input, kernel_size, strides ?? [], paddings ?? [0], ceil_mode, count_include_pad, divisor_override);

            public static Tensor avg_pool2d(Tensor input, long kernel_size, long? stride = null, long? padding = null, bool ceil_mode = false,
                bool count_include_pad = true, long? divisor_override = null) =>
                avg_pool2d(input, Square(kernel_size), Square(stride), Square(padding), ceil_mode, count_include_pad, divisor_override);

            public static Tensor adaptive_avg_pool2d(Tensor input, long[] output_size) => Call("adaptive_avg_pool2d", input, output_size);

            public static Tensor adaptive_avg_pool2d(Tensor input, long output_size) => adaptive_avg_pool2d(input, Square(output_size));

            public static Tensor adaptive_avg_pool2d(Tensor input, (long, long) output_size) => adaptive_avg_pool2d(input, Pair(output_size)!);

            /// <summary>Sliding blocks as columns: <c>[batch, channels · kernel, blocks]</c>.</summary>
            public static Tensor unfold(Tensor input, long kernel_size, long dilation = 1, long padding = 0, long stride = 1) =>
                Call("im2col", input, Square(kernel_size), Square(dilation), Square(padding), Square(stride));

            /// <param name="input">The tensor to surround.</param>
            /// <param name="pad">Elements before and after, the last dimension first.</param>
            /// <param name="mode">Constant (or Zeros), Reflect, Replicate or Circular.</param>
            /// <param name="value">The constant.</param>
            public static Tensor pad(Tensor input, long[] pad, PaddingModes mode = PaddingModes.Constant, double value = 0)
            {
                switch (mode)
                {
                    case PaddingModes.Constant or PaddingModes.Zeros: return Call("constant_pad_nd", input, pad, value);
                    case PaddingModes.Circular: return Call("_pad_circular", input, pad);
                    default:
                        var name = mode == PaddingModes.Reflect ? "reflection_pad" : "replication_pad";
                        return Call($"{name}{pad.Length / 2}d", input, pad);
                }
            }

            public static Tensor pad(Tensor input, ReadOnlySpan<long> pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, pad.ToArray(), mode, value);

            public static Tensor pad(Tensor input, (long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, [pad.Item1, pad.Item2], mode, value);

            public static Tensor pad(Tensor input, (long, long, long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, [pad.Item1, pad.Item2, pad.Item3, pad.Item4], mode, value);

            /// <summary>Resamples the last two dimensions of <c>[batch, channels, height, width]</c>.</summary>
            /// <exception cref="NotSupportedException">Another number of dimensions, or a mode that images do not have.</exception>
            public static Tensor interpolate(Tensor x, long[]? size = null, double[]? scale_factor = null, InterpolationMode mode = InterpolationMode.Nearest,
                bool? align_corners = null, bool recompute_scale_factor = false, bool antialias = false)
            {
                if (x.ndim != 4) throw new NotSupportedException($"interpolate: {x.ndim} dimensions given; this provider serves images [batch, channels, height, width].");
                if ((size is null) == (scale_factor is null)) throw new ArgumentException("interpolate: one of size and scale_factor is needed");
                if (scale_factor is { Length: 1 }) scale_factor = [scale_factor[0], scale_factor[0]];
                if (size is { Length: 1 }) size = [size[0], size[0]];
                if (recompute_scale_factor && scale_factor is not null)
                {
                    size = [(long)Math.Floor(x.size(2) * scale_factor[0]), (long)Math.Floor(x.size(3) * scale_factor[1])];
                    scale_factor = null;
                }
                return mode switch
                {
                    InterpolationMode.Nearest => Call("upsample_nearest2d.vec", x, size, scale_factor),
                    InterpolationMode.NearestExact => Call("_upsample_nearest_exact2d.vec", x, size, scale_factor),
                    InterpolationMode.Bilinear => Call(antialias ? "_upsample_bilinear2d_aa.vec" : "upsample_bilinear2d.vec", x, size, align_corners ?? false, scale_factor),
                    InterpolationMode.Bicubic => Call(antialias ? "_upsample_bicubic2d_aa.vec" : "upsample_bicubic2d.vec", x, size, align_corners ?? false, scale_factor),
                    InterpolationMode.Area => adaptive_avg_pool2d(x, size ?? [(long)Math.Floor(x.size(2) * scale_factor![0]), (long)Math.Floor(x.size(3) * scale_factor[1])]),
                    _ => throw new NotSupportedException($"interpolate: {mode} given; images have Nearest, NearestExact, Bilinear, Bicubic and Area."),
                };
            }

            /// <summary>
            /// Vaswani et al. 2017 (arXiv:1706.03762), equation 1: softmax(q kᵀ / √d) v over <c>[..., length, d]</c>. A boolean mask is
            /// true where attention is allowed; a floating one is added to the scores.
            /// </summary>
            public static Tensor scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask = null, double p = 0.0, bool is_casual = false)
            {
                if (is_casual && attn_mask is not null) throw new ArgumentException("scaled_dot_product_attention: a mask and is_casual given; one of them is possible");
                if (HasFusedAttention) return Call("scaled_dot_product_attention", query, key, value, attn_mask, p, is_casual);
                // Until PyTorch 2.0 the operator was private, and took a causal mask only as a tensor in some forms.
                using var scope = NewDisposeScope();
                var scores = query.mul(1 / Math.Sqrt(query.size(-1))).matmul(key.transpose(-2, -1));
                if (is_casual) attn_mask = ones([query.size(-2), key.size(-2)], ScalarType.Bool, query.device).tril();
                if (attn_mask is not null)
                    scores = attn_mask.dtype == ScalarType.Bool ? scores.masked_fill(attn_mask.logical_not(), double.NegativeInfinity) : scores + attn_mask;
                var weights = scores.softmax(-1);
                if (p > 0) weights = dropout(weights, p);
                return weights.matmul(value).MoveToOuterDisposeScope();
            }

            private static bool HasFusedAttention => int.Parse(__version__.Split('.')[0]) >= 2;
        }
    }
}
