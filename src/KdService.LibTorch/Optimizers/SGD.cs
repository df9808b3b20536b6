using static TorchSharp.Interop.Aten;
using static TorchSharp.torch;

namespace TorchSharp.Modules
{
    /// <summary>Stochastic gradient descent with momentum: Sutskever et al. 2013, in PyTorch's form (the rate outside the velocity).</summary>
    public class SGD : OptimizerHelper, optim.IMomentum
    {
        private readonly Options _defaults;

        public SGD(IEnumerable<Parameter> parameters, double lr, double momentum = 0.0, double dampening = 0, double weight_decay = 0,
            bool nesterov = false, bool maximize = false)
            : this([new ParamGroup { Parameters = parameters }], lr, momentum, dampening, weight_decay, nesterov, maximize)
        {
        }

        public SGD(IEnumerable<ParamGroup> parameters, double lr, double momentum = 0.0, double dampening = 0, double weight_decay = 0,
            bool nesterov = false, bool maximize = false)
        {
            if (!(lr >= 0)) throw new ArgumentException($"lr: {lr} given; a number from 0 up");
            if (!(momentum >= 0)) throw new ArgumentException($"momentum: {momentum} given; a number from 0 up");
            if (!(weight_decay >= 0)) throw new ArgumentException($"weight_decay: {weight_decay} given; a number from 0 up");
            if (nesterov && (momentum <= 0 || dampening != 0)) throw new ArgumentException("Nesterov momentum requires a momentum and zero dampening");
            _defaults = new Options
            {
                LearningRate = lr,
                InitialLearningRate = lr,
                momentum = momentum,
                dampening = dampening,
                weight_decay = weight_decay,
                nesterov = nesterov,
                maximize = maximize,
            };
            foreach (var group in parameters) add_param_group(group);
        }

        public double Momentum
        {
            get => _defaults.momentum!.Value;
            set => _defaults.momentum = value;
        }

        public override void add_param_group(Modules.ParamGroup param_group)
        {
            base.add_param_group(param_group);
            var options = (Options)(param_group.Options ??= new Options());
            options.LearningRate ??= _defaults.LearningRate;
            options.InitialLearningRate = options.LearningRate!.Value;
            options.momentum ??= _defaults.momentum;
            options.dampening ??= _defaults.dampening;
            options.weight_decay ??= _defaults.weight_decay;
            options.nesterov ??= _defaults.nesterov;
            options.maximize ??= _defaults.maximize;
            foreach (var parameter in param_group.Parameters) Remember(parameter, new State());
        }

        private protected override void Update(Modules.ParamGroup group, Parameter[] parameters, Tensor[] gradients)
        {
            var options = (Options)group.Options;
            var (rate, momentum) = (options.LearningRate!.Value, options.momentum!.Value);
            if (options.weight_decay != 0) gradients = CallList("_foreach_add.List", gradients, parameters, options.weight_decay);
            if (momentum != 0)
            {
                Accumulate(parameters, gradients, momentum, 1 - options.dampening!.Value);
                Tensor[] velocities = Array.ConvertAll(parameters, parameter => ((State)StateOf(parameter)).momentum_buffer!);
                gradients = options.nesterov == true ? CallList("_foreach_add.List", gradients, velocities, momentum) : velocities;
            }
            Do("_foreach_add_.List", parameters, gradients, options.maximize == true ? rate : -rate);
        }

        private void Accumulate(Parameter[] parameters, Tensor[] gradients, double momentum, double share)
        {
            List<Tensor> velocities = [], added = [];
            for (var i = 0; i < parameters.Length; i++)
            {
                var state = (State)StateOf(parameters[i]);
                if (state.momentum_buffer is null)
                {
                    state.momentum_buffer = gradients[i].clone().DetachFromDisposeScope();
                    continue;
                }
                velocities.Add(state.momentum_buffer);
                added.Add(gradients[i]);
            }
            if (velocities.Count == 0) return;
            Tensor[] buffers = [.. velocities];
            Do("_foreach_mul_.Scalar", buffers, momentum);
            Do("_foreach_add_.List", buffers, added.ToArray(), share);
        }

        public sealed class State : OptimizerState
        {
            /// <summary>The velocity; null before the first step.</summary>
            public Tensor? momentum_buffer;

            public override void LoadStateDict(OptimizerState source) => momentum_buffer = Copy(momentum_buffer, ((State)source).momentum_buffer);

            internal override void Release() => momentum_buffer?.Dispose();
        }

        public class Options : OptimizerOptions
        {
            public double? momentum;
            public double? dampening;
            public double? weight_decay;
            public bool? nesterov;
            public bool? maximize;

            public override void LoadStateDict(OptimizerOptions source)
            {
                base.LoadStateDict(source);
                var other = (Options)source;
                (momentum, dampening, weight_decay, nesterov, maximize) =
                    (other.momentum, other.dampening, other.weight_decay, other.nesterov, other.maximize);
            }
        }

        public class ParamGroup : ParamGroup<Options>, optim.IMomentum
        {
            public ParamGroup()
            {
            }

            public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options)
            {
            }

            public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1e-3, double momentum = 0.0, double dampening = 0,
                double weight_decay = 0, bool nesterov = false, bool maximize = false)
                : base(parameters, new Options
                {
                    LearningRate = lr,
                    momentum = momentum,
                    dampening = dampening,
                    weight_decay = weight_decay,
                    nesterov = nesterov,
                    maximize = maximize,
                })
            {
            }

            public double Momentum
            {
                get => Options.momentum!.Value;
                set => Options.momentum = value;
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
            public static Modules.SGD SGD(IEnumerable<Modules.Parameter> parameters, double learningRate, double momentum = 0, double dampening = 0,
                double weight_decay = 0, bool nesterov = false, bool maximize = false) =>
                new(parameters, learningRate, momentum, dampening, weight_decay, nesterov, maximize);

            public static Modules.SGD SGD(IEnumerable<(string name, Modules.Parameter parameter)> parameters, double learningRate, double momentum = 0,
                double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false) =>
                new(parameters.Select(named => named.parameter), learningRate, momentum, dampening, weight_decay, nesterov, maximize);

            public static Modules.SGD SGD(IEnumerable<Modules.SGD.ParamGroup> parameters, double learningRate, double momentum = 0.0, double dampening = 0,
                double weight_decay = 0, bool nesterov = false, bool maximize = false) =>
                new(parameters, learningRate, momentum, dampening, weight_decay, nesterov, maximize);
        }
    }
}
