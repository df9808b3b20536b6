using TorchSharp.Interop;
using static TorchSharp.Interop.Aten;
using static TorchSharp.torch;

namespace TorchSharp.Modules
{
    /// <summary>
    /// The moments that Adam and AdamW share: Kingma and Ba 2015 (arXiv:1412.6980), algorithm 1, with AMSGrad (Reddi et al. 2018)
    /// where asked for. They differ in where the weight decay goes.
    /// </summary>
    public abstract class AdamBase : OptimizerHelper, optim.IBetas
    {
        private readonly AdamOptions _defaults;

        private protected AdamBase(AdamOptions defaults)
        {
            if (!(defaults.LearningRate >= 0)) throw new ArgumentException($"lr: {defaults.LearningRate} given; a number from 0 up");
            if (!(defaults.beta1 is >= 0 and < 1)) throw new ArgumentException($"beta1: {defaults.beta1} given; a number from 0 to below 1");
            if (!(defaults.beta2 is >= 0 and < 1)) throw new ArgumentException($"beta2: {defaults.beta2} given; a number from 0 to below 1");
            if (!(defaults.eps >= 0)) throw new ArgumentException($"eps: {defaults.eps} given; a number from 0 up");
            if (!(defaults.weight_decay >= 0)) throw new ArgumentException($"weight_decay: {defaults.weight_decay} given; a number from 0 up");
            _defaults = defaults;
        }

        public (double, double) Betas
        {
            get => (_defaults.beta1!.Value, _defaults.beta2!.Value);
            set => (_defaults.beta1, _defaults.beta2) = value;
        }

        private protected abstract AdamState NewState();

        private protected abstract AdamOptions NewOptions();

        /// <summary>Whether the decay shrinks the weights; else it is added to the gradients.</summary>
        private protected abstract bool ShrinksWeights { get; }

        public override void add_param_group(ParamGroup param_group)
        {
            base.add_param_group(param_group);
            var options = (AdamOptions)(param_group.Options ??= NewOptions());
            options.LearningRate ??= _defaults.LearningRate;
            options.InitialLearningRate = options.LearningRate!.Value;
            options.beta1 ??= _defaults.beta1;
            options.beta2 ??= _defaults.beta2;
            options.eps ??= _defaults.eps;
            options.weight_decay ??= _defaults.weight_decay;
            options.amsgrad ??= _defaults.amsgrad;
            options.maximize ??= _defaults.maximize;
            foreach (var parameter in param_group.Parameters)
            {
                var state = NewState();
                using var unrecorded = no_grad();
                state.exp_avg = zeros_like(parameter).DetachFromDisposeScope();
                state.exp_avg_sq = zeros_like(parameter).DetachFromDisposeScope();
                if (options.amsgrad == true) state.max_exp_avg_sq = zeros_like(parameter).DetachFromDisposeScope();
                Remember(parameter, state);
            }
        }

        private protected override void Update(ParamGroup group, Parameter[] parameters, Tensor[] gradients)
        {
            var options = (AdamOptions)group.Options;
            var (beta1, beta2, rate) = (options.beta1!.Value, options.beta2!.Value, options.LearningRate!.Value);
            var states = Array.ConvertAll(parameters, parameter => (AdamState)StateOf(parameter));
            foreach (var state in states) state.step++;
            if (options is { maximize: not true, amsgrad: not true } && UpdateFused(options, parameters, gradients, states)) return;

            if (options.maximize == true) gradients = CallList("_foreach_neg", new Interop.Arg[] { gradients });
            if (options.weight_decay is { } decay and not 0)
            {
                if (ShrinksWeights) Do("_foreach_mul_.Scalar", parameters, 1 - rate * decay);
                else gradients = CallList("_foreach_add.List", gradients, parameters, decay);
            }
            var first = Array.ConvertAll(states, state => state.exp_avg);
            var second = Array.ConvertAll(states, state => state.exp_avg_sq);
            Do("_foreach_mul_.Scalar", first, beta1);
            Do("_foreach_add_.List", first, gradients, 1 - beta1);
            Do("_foreach_mul_.Scalar", second, beta2);
            Do("_foreach_addcmul_.Scalar", second, gradients, gradients, 1 - beta2);
            if (options.amsgrad == true)
            {
                foreach (var state in states) state.max_exp_avg_sq!.copy_(state.max_exp_avg_sq.maximum(state.exp_avg_sq));
                second = Array.ConvertAll(states, state => state.max_exp_avg_sq!);
            }

            var roots = CallList("_foreach_sqrt", new Interop.Arg[] { second });
            // The corrections depend on the number of steps, which differs between parameters that were not always trained.
            foreach (var same in Enumerable.Range(0, states.Length).GroupBy(i => states[i].step))
            {
                int[] chosen = [.. same];
                var denominators = Array.ConvertAll(chosen, i => roots[i]);
                Do("_foreach_div_.Scalar", denominators, Math.Sqrt(1 - Math.Pow(beta2, same.Key)));
                Do("_foreach_add_.Scalar", denominators, options.eps);
                Do("_foreach_addcdiv_.Scalar", Array.ConvertAll<int, Tensor>(chosen, i => parameters[i]), Array.ConvertAll(chosen, i => first[i]),
                    denominators, -rate / (1 - Math.Pow(beta1, same.Key)));
            }
        }

        // One pass over memory for each parameter, where the kernel serves them all.
        private unsafe bool UpdateFused(AdamOptions options, Parameter[] parameters, Tensor[] gradients, AdamState[] states)
        {
            for (var i = 0; i < parameters.Length; i++)
                if (Native.kd_adam_fits(parameters[i].Handle, gradients[i].Handle, states[i].exp_avg.Handle, states[i].exp_avg_sq.Handle) == 0) return false;
            var (rate, decay) = (options.LearningRate!.Value, options.weight_decay!.Value);
            for (var i = 0; i < parameters.Length; i++)
            {
                Native.Check(Native.kd_adam(parameters[i].Handle, gradients[i].Handle, states[i].exp_avg.Handle, states[i].exp_avg_sq.Handle,
                    states[i].step, rate, options.beta1!.Value, options.beta2!.Value, options.eps!.Value,
                    shrink: ShrinksWeights ? 1 - rate * decay : 1, penalty: ShrinksWeights ? 0 : decay));
            }
            GC.KeepAlive((parameters, gradients, states));
            return true;
        }
    }

    /// <summary>The state of Adam and AdamW.</summary>
    public abstract class AdamState : OptimizerState
    {
        /// <summary>Steps taken.</summary>
        public long step;
        public Tensor exp_avg = null!;
        public Tensor exp_avg_sq = null!;
        public Tensor? max_exp_avg_sq;

        private protected AdamState()
        {
        }

        public override void LoadStateDict(OptimizerState source)
        {
            var other = (AdamState)source;
            step = other.step;
            exp_avg = Copy(exp_avg, other.exp_avg)!;
            exp_avg_sq = Copy(exp_avg_sq, other.exp_avg_sq)!;
            max_exp_avg_sq = Copy(max_exp_avg_sq, other.max_exp_avg_sq);
        }

        internal override void Release()
        {
            exp_avg.Dispose();
            exp_avg_sq.Dispose();
            max_exp_avg_sq?.Dispose();
        }
    }

    /// <summary>The options of Adam and AdamW; what a group leaves out is taken from the optimiser.</summary>
    public abstract class AdamOptions : OptimizerOptions
    {
        public double? beta1;
        public double? beta2;
        public double? eps;
        public double? weight_decay;
        public bool? amsgrad;
        public bool? maximize;

        private protected AdamOptions()
        {
        }

        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var other = (AdamOptions)source;
            (beta1, beta2, eps, weight_decay, amsgrad, maximize) =
                (other.beta1, other.beta2, other.eps, other.weight_decay, other.amsgrad, other.maximize);
        }
    }

    /// <summary>Adam: the decay is added to the gradient (L2 regularisation).</summary>
    public class Adam : AdamBase
    {
        public Adam(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
            double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : this([new ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay, amsgrad, maximize)
        {
        }

        public Adam(IEnumerable<ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
            double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : base(new Options
            {
                LearningRate = lr,
                beta1 = beta1,
                beta2 = beta2,
                eps = eps,
                weight_decay = weight_decay,
                amsgrad = amsgrad,
                maximize = maximize,
            })
        {
            foreach (var group in parameters) add_param_group(group);
        }

        private protected override AdamState NewState() => new State();

        private protected override AdamOptions NewOptions() => new Options();

        private protected override bool ShrinksWeights => false;

        public sealed class State : AdamState;

        public class Options : AdamOptions;

        public class ParamGroup : ParamGroup<Options>, optim.IBetas
        {
            public ParamGroup()
            {
            }

            public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options)
            {
            }

            public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
                double weight_decay = 0, bool amsgrad = false, bool maximize = false)
                : base(parameters, new Options
                {
                    LearningRate = lr,
                    beta1 = beta1,
                    beta2 = beta2,
                    eps = eps,
                    weight_decay = weight_decay,
                    amsgrad = amsgrad,
                    maximize = maximize,
                })
            {
            }

            public (double, double) Betas
            {
                get => (Options.beta1!.Value, Options.beta2!.Value);
                set => (Options.beta1, Options.beta2) = value;
            }
        }
    }

    /// <summary>Loshchilov and Hutter 2019 (arXiv:1711.05101): the decay shrinks the weights directly. Mind its default, 0 here and 0.01 in PyTorch.</summary>
    public class AdamW : AdamBase
    {
        public AdamW(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
            double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : this([new ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay, amsgrad, maximize)
        {
        }

        public AdamW(IEnumerable<ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
            double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : base(new Options
            {
                LearningRate = lr,
                beta1 = beta1,
                beta2 = beta2,
                eps = eps,
                weight_decay = weight_decay,
                amsgrad = amsgrad,
                maximize = maximize,
            })
        {
            foreach (var group in parameters) add_param_group(group);
        }

        private protected override AdamState NewState() => new State();

        private protected override AdamOptions NewOptions() => new Options();

        private protected override bool ShrinksWeights => true;

        public sealed class State : AdamState;

        public class Options : AdamOptions;

        public class ParamGroup : ParamGroup<Options>, optim.IBetas
        {
            public ParamGroup()
            {
            }

            public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options)
            {
            }

            public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
                double weight_decay = 0, bool amsgrad = false, bool maximize = false)
                : base(parameters, new Options
                {
                    LearningRate = lr,
                    beta1 = beta1,
                    beta2 = beta2,
                    eps = eps,
                    weight_decay = weight_decay,
                    amsgrad = amsgrad,
                    maximize = maximize,
                })
            {
            }

            public (double, double) Betas
            {
                get => (Options.beta1!.Value, Options.beta2!.Value);
                set => (Options.beta1, Options.beta2) = value;
            }
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            public static Modules.Adam Adam(IEnumerable<Modules.Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999,
                double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            public static Modules.Adam Adam(IEnumerable<(string name, Modules.Parameter parameter)> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999,
                double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters.Select(named => named.parameter), lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            public static Modules.Adam Adam(IEnumerable<Modules.Adam.ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999,
                double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            public static Modules.AdamW AdamW(IEnumerable<Modules.Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999,
                double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            public static Modules.AdamW AdamW(IEnumerable<(string name, Modules.Parameter parameter)> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999,
                double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters.Select(named => named.parameter), lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            public static Modules.AdamW AdamW(IEnumerable<Modules.AdamW.ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999,
                double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);
        }
    }
}
