using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules
{
    public sealed class MaxPool2d : Module<Tensor, Tensor>
    {
        private readonly long[]? _stride;
        private readonly long[]? _padding;
        private readonly long[]? _dilation;

        internal MaxPool2d(long[] kernelSize, long[]? stride, long[]? padding, long[]? dilation, bool ceilMode) : base(nameof(MaxPool2d)) =>
            (kernel_size, _stride, _padding, _dilation, ceil_mode) = (kernelSize, stride, padding, dilation, ceilMode);

        public long[] kernel_size { get; }

        public bool ceil_mode { get; }

        public override Tensor forward(Tensor input) => functional.max_pool2d(input, kernel_size, _stride, _padding, _dilation, ceil_mode);
    }

    public sealed class AvgPool2d : Module<Tensor, Tensor>
    {
        private readonly long[]? _stride;
        private readonly long[]? _padding;
        private readonly long? _divisorOverride;

        internal AvgPool2d(long[] kernelSize, long[]? stride, long[]? padding, bool ceilMode, bool countIncludePad, long? divisorOverride)
            : base(nameof(AvgPool2d)) =>
            (kernel_size, _stride, _padding, ceil_mode, count_include_pad, _divisorOverride) =
            (kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride);

        public long[] kernel_size { get; }

        public bool ceil_mode { get; }

        public bool count_include_pad { get; }

        public override Tensor forward(Tensor input) =>
            functional.avg_pool2d(input, kernel_size, _stride, _padding, ceil_mode, count_include_pad, _divisorOverride);
    }

    public sealed class AdaptiveAvgPool2d : Module<Tensor, Tensor>
    {
        internal AdaptiveAvgPool2d(long[] outputSize) : base(nameof(AdaptiveAvgPool2d)) => output_size = outputSize;

        public long[] output_size { get; }

        public override Tensor forward(Tensor input) => functional.adaptive_avg_pool2d(input, output_size);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static MaxPool2d MaxPool2d(long kernel_size, long? stride = null, long? padding = null, long? dilation = null, bool ceil_mode = false) =>
                new(Square(kernel_size), Square(stride), Square(padding), Square(dilation), ceil_mode);

            public static MaxPool2d MaxPool2d((long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null,
                (long, long)? dilation = null, bool ceil_mode = false) =>
                new(Pair(kernel_size)!, Pair(stride), Pair(padding), Pair(dilation), ceil_mode);

            public static MaxPool2d MaxPool2d(long[] kernel_size, long[]? stride = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) =>
                new(kernel_size, stride, padding, dilation, ceil_mode);

            public static AvgPool2d AvgPool2d(long kernel_size, long? stride = null, long? padding = null, bool ceil_mode = false,
                bool count_include_pad = true, long? divisor_override = null) =>
                new(Square(kernel_size), Square(stride), Square(padding), ceil_mode, count_include_pad, divisor_override);

            public static AvgPool2d AvgPool2d((long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null,
                bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                new(Pair(kernel_size)!, Pair(stride), Pair(padding), ceil_mode, count_include_pad, divisor_override);

            public static AvgPool2d AvgPool2d(long[] kernel_size, long[]? stride = null, long[]? padding = null, bool ceil_mode = false,
                bool count_include_pad = true, long? divisor_override = null) =>
                new(kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override);

            public static AdaptiveAvgPool2d AdaptiveAvgPool2d(long output_size) => new(Square(output_size));

            public static AdaptiveAvgPool2d AdaptiveAvgPool2d((long, long) output_size) => new(Pair(output_size)!);

            public static AdaptiveAvgPool2d AdaptiveAvgPool2d(long[] output_size) => new(output_size);

            private static long[] Square(long side) => [side, side];

            private static long[]? Square(long? side) => side is { } given ? [given, given] : null;

            private static long[]? Pair((long, long)? sides) => sides is { } given ? [given.Item1, given.Item2] : null;
        }
    }
}
