using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules
{
    /// <summary>The gradient of a 2-D convolution as a layer: input <c>[batch, in, height, width]</c>, weight <c>[in, out / groups, kernel height, kernel width]</c>.</summary>
    public sealed class ConvTranspose2d : Module<Tensor, Tensor>
    {
        private readonly long[] _stride;
        private readonly long[] _padding;
        private readonly long[] _outputPadding;
        private readonly long[] _dilation;
        private readonly long _groups;

        internal ConvTranspose2d(long inChannels, long outChannels, long kernelSize, long stride, long padding, long outputPadding, long dilation,
            PaddingModes paddingMode, long groups, bool hasBias, Device? device, ScalarType? dtype) : base(nameof(ConvTranspose2d))
        {
            if (groups <= 0 || inChannels % groups != 0 || outChannels % groups != 0)
                throw new ArgumentException($"ConvTranspose2d: groups {groups} given; it has to divide {inChannels} and {outChannels} channels");
            if (paddingMode != PaddingModes.Zeros) throw new ArgumentException($"ConvTranspose2d: padding mode {paddingMode} given; only Zeros is supported");
            (_stride, _padding, _outputPadding, _dilation, _groups) =
                ([stride, stride], [padding, padding], [outputPadding, outputPadding], [dilation, dilation], groups);
            weight = empty([inChannels, outChannels / groups, kernelSize, kernelSize], dtype, device).AsParameter();
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

        public override Tensor forward(Tensor input) =>
            functional.conv_transpose2d(input, weight, bias, _stride, _padding, _outputPadding, _dilation, _groups);

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
            public static ConvTranspose2d ConvTranspose2d(long in_channels, long out_channels, long kernel_size, long stride = 1, long padding = 0,
                long output_padding = 0, long dilation = 1, PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true,
                Device? device = null, ScalarType? dtype = null) =>
                new(in_channels, out_channels, kernel_size, stride, padding, output_padding, dilation, padding_mode, groups, bias, device, dtype);
        }
    }
}
