using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules
{
    /// <summary>A 2-D convolution: input <c>[batch, in, height, width]</c>, weight <c>[out, in / groups, kernel height, kernel width]</c>.</summary>
    public sealed class Conv2d : Module<Tensor, Tensor>
    {
        internal Conv2d(long inChannels, long outChannels, (long, long) kernelSize, (long, long) stride, (long, long)? padding, Padding? paddingType,
            (long, long) dilation, PaddingModes paddingMode, long groups, bool hasBias, Device? device, ScalarType? dtype) : base(nameof(Conv2d))
        {
            if (groups <= 0 || inChannels % groups != 0 || outChannels % groups != 0)
                throw new ArgumentException($"Conv2d: groups {groups} given; it has to divide {inChannels} and {outChannels} channels");
            if (paddingMode is not (PaddingModes.Zeros or PaddingModes.Reflect or PaddingModes.Replicate or PaddingModes.Circular))
                throw new ArgumentException($"Conv2d: padding mode {paddingMode} given; Zeros, Reflect, Replicate or Circular are modes");
            (in_channels, out_channels, this.groups, padding_mode, padding_type) = (inChannels, outChannels, groups, paddingMode, paddingType);
            kernel_size = [kernelSize.Item1, kernelSize.Item2];
            this.stride = [stride.Item1, stride.Item2];
            this.dilation = [dilation.Item1, dilation.Item2];
            this.padding = padding is { } given ? [given.Item1, given.Item2] : null;
            weight = empty([outChannels, inChannels / groups, .. kernel_size], dtype, device).AsParameter();
            init.kaiming_uniform_(weight, Math.Sqrt(5));
            register_parameter(nameof(weight), weight);
            if (!hasBias) return;
            bias = empty(outChannels, dtype, device).AsParameter();
            var bound = 1 / Math.Sqrt(init.CalculateFanInAndFanOut(weight).fanIn);
            init.uniform_(bias, -bound, bound);
            register_parameter(nameof(bias), bias);
        }

        public Parameter weight { get; }

        public Parameter? bias { get; }

        public long in_channels { get; }

        public long out_channels { get; }

        public long[] kernel_size { get; }

        public long[] stride { get; }

        public long[] dilation { get; }

        public long[]? padding { get; }

        public Padding? padding_type { get; }

        public PaddingModes padding_mode { get; }

        public long groups { get; }

        public override Tensor forward(Tensor input)
        {
            if (padding_mode != PaddingModes.Zeros)
            {
                var (rows, columns) = Surround();
                using var padded = functional.pad(input, [columns.Before, columns.After, rows.Before, rows.After], padding_mode);
                return functional.conv2d(padded, weight, bias, stride, [0, 0], dilation, groups);
            }
            return padding is not null
                ? functional.conv2d(input, weight, bias, stride, padding, dilation, groups)
                : Interop.Aten.Call("conv2d.padding", input, weight, bias, stride, padding_type == Padding.Same ? "same" : "valid", dilation, groups);
        }

        private ((long Before, long After) Rows, (long Before, long After) Columns) Surround()
        {
            return (Along(0), Along(1));

            (long, long) Along(int axis)
            {
                if (padding is not null) return (padding[axis], padding[axis]);
                if (padding_type == Padding.Valid) return (0, 0);
                var total = dilation[axis] * (kernel_size[axis] - 1);
                return (total / 2, total - total / 2);
            }
        }

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
            public static Conv2d Conv2d(long in_channels, long out_channels, long kernel_size, long stride = 1, long padding = 0, long dilation = 1,
                PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true, Device? device = null, ScalarType? dtype = null) =>
                new(in_channels, out_channels, (kernel_size, kernel_size), (stride, stride), (padding, padding), null, (dilation, dilation),
                    padding_mode, groups, bias, device, dtype);

            public static Conv2d Conv2d(long in_channels, long out_channels, (long, long) kernel_size, (long, long)? stride = null,
                (long, long)? padding = null, (long, long)? dilation = null, PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1,
                bool bias = true, Device? device = null, ScalarType? dtype = null) =>
                new(in_channels, out_channels, kernel_size, stride ?? (1, 1), padding ?? (0, 0), null, dilation ?? (1, 1), padding_mode, groups,
                    bias, device, dtype);

            public static Conv2d Conv2d(long in_channels, long out_channels, long kernel_size, Padding padding, long stride = 1, long dilation = 1,
                PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true, Device? device = null, ScalarType? dtype = null) =>
                new(in_channels, out_channels, (kernel_size, kernel_size), (stride, stride), null, padding, (dilation, dilation), padding_mode,
                    groups, bias, device, dtype);
        }
    }
}
