using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules
{
    public sealed class ReLU : Module<Tensor, Tensor>
    {
        internal ReLU(bool inplace) : base(nameof(ReLU)) => this.inplace = inplace;

        public bool inplace { get; set; }

        public override Tensor forward(Tensor input) => functional.relu(input, inplace);
    }

    public sealed class ReLU6 : Module<Tensor, Tensor>
    {
        internal ReLU6(bool inplace) : base(nameof(ReLU6)) => this.inplace = inplace;

        public bool inplace { get; set; }

        public override Tensor forward(Tensor input) => functional.relu6(input, inplace);
    }

    public sealed class Tanh : Module<Tensor, Tensor>
    {
        internal Tanh(bool inplace) : base(nameof(Tanh)) => this.inplace = inplace;

        public bool inplace { get; set; }

        public override Tensor forward(Tensor input) => functional.tanh(input, inplace);
    }

    public sealed class Sigmoid : Module<Tensor, Tensor>
    {
        internal Sigmoid(bool inplace) : base(nameof(Sigmoid)) => this.inplace = inplace;

        public bool inplace { get; set; }

        public override Tensor forward(Tensor input) => functional.sigmoid(input, inplace);
    }

    public sealed class SiLU : Module<Tensor, Tensor>
    {
        internal SiLU(bool inplace) : base(nameof(SiLU)) => this.inplace = inplace;

        public bool inplace { get; set; }

        public override Tensor forward(Tensor input) => functional.silu(input, inplace);
    }

    public sealed class GELU : Module<Tensor, Tensor>
    {
        private readonly Approximate _approximate;

        internal GELU(Approximate approximate, bool inplace) : base(nameof(GELU)) => (_approximate, this.inplace) = (approximate, inplace);

        public enum Approximate
        {
            none,
            tanh,
        }

        public bool inplace { get; set; }

        public override Tensor forward(Tensor input) => functional.gelu(input, _approximate, inplace);
    }

    public sealed class LeakyReLU : Module<Tensor, Tensor>
    {
        internal LeakyReLU(double negativeSlope, bool inplace) : base(nameof(LeakyReLU)) => (negative_slope, this.inplace) = (negativeSlope, inplace);

        public double negative_slope { get; set; }

        public bool inplace { get; set; }

        public override Tensor forward(Tensor input) => functional.leaky_relu(input, negative_slope, inplace);
    }

    public sealed class Softmax : Module<Tensor, Tensor>
    {
        internal Softmax(long dim) : base(nameof(Softmax)) => this.dim = dim;

        public long dim { get; set; }

        public override Tensor forward(Tensor input) => input.softmax(dim);
    }

    public sealed class LogSoftmax : Module<Tensor, Tensor>
    {
        internal LogSoftmax(long dim) : base(nameof(LogSoftmax)) => this.dim = dim;

        public long dim { get; set; }

        public override Tensor forward(Tensor input) => input.log_softmax(dim);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static ReLU ReLU(bool inplace = false) => new(inplace);

            public static ReLU6 ReLU6(bool inplace = false) => new(inplace);

            public static Tanh Tanh(bool inplace = false) => new(inplace);

            public static Sigmoid Sigmoid(bool inplace = false) => new(inplace);

            public static SiLU SiLU(bool inplace = false) => new(inplace);

            public static GELU GELU() => new(Modules.GELU.Approximate.none, false);

            public static GELU GELU(bool inplace) => new(Modules.GELU.Approximate.none, inplace);

            public static GELU GELU(GELU.Approximate approximate, bool inplace = false) => new(approximate, inplace);

            public static LeakyReLU LeakyReLU(double negative_slope = 0.01, bool inplace = false) => new(negative_slope, inplace);

            public static Softmax Softmax(long dim) => new(dim);

            public static LogSoftmax LogSoftmax(long dim) => new(dim);
        }
    }
}
