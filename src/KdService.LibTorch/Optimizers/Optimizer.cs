using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            /// <summary>Moves parameters against their gradients.</summary>
            public abstract class Optimizer : IDisposable
            {
                private readonly List<ParamGroup> _groups = [];

                public virtual IEnumerable<ILearningRateController> ParamGroups => _groups;

                private protected IReadOnlyList<ParamGroup> Groups => _groups;

                public virtual IEnumerable<Parameter> parameters() => _groups.SelectMany(group => group.Parameters);

                public virtual void add_param_group(ParamGroup param_group)
                {
                    // Enumerated once: parameters are usually given as a lazy walk over a module.
                    param_group.Parameters = param_group.Parameters.ToList();
                    _groups.Add(param_group);
                }

                /// <summary>Forgets all gradients: they are null until the next backward pass.</summary>
                public virtual void zero_grad()
                {
                    foreach (var parameter in parameters()) parameter.grad = null;
                }

                /// <summary>Takes one step; <paramref name="closure"/>, where given, computes the loss and the gradients first.</summary>
                /// <returns>The closure's loss.</returns>
                public abstract Tensor? step(Func<Tensor>? closure = null);

                public void Dispose()
                {
                    Dispose(true);
                    GC.SuppressFinalize(this);
                }

                protected virtual void Dispose(bool disposing)
                {
                }

                /// <summary>The options of every group and the state of every parameter, in order. The objects are the optimiser's own.</summary>
                public class StateDictionary
                {
                    internal StateDictionary()
                    {
                    }

                    public List<OptimizerOptions> Options { get; } = [];

                    public List<OptimizerState> State { get; } = [];

                    /// <summary>By group: which of <see cref="State"/> belong to it.</summary>
                    public List<List<int>> StateIndexRef { get; } = [];
                }
            }

            public interface ILearningRateController
            {
                double LearningRate { get; set; }

                double InitialLearningRate { get; set; }
            }

            public interface IMomentum
            {
                double Momentum { get; set; }
            }

            public interface IBetas
            {
                (double, double) Betas { get; set; }
            }
        }
    }
}

namespace TorchSharp.Modules
{
    public class OptimizerOptions
    {
        public double? LearningRate { get; set; }

        public double InitialLearningRate { get; set; }

        public virtual void LoadStateDict(OptimizerOptions source) =>
            (LearningRate, InitialLearningRate) = (source.LearningRate, source.InitialLearningRate);
    }

    /// <summary>What an optimiser remembers of one parameter.</summary>
    public abstract class OptimizerState
    {
        private protected OptimizerState()
        {
        }

        /// <summary>Takes copies of another state's tensors.</summary>
        public abstract void LoadStateDict(OptimizerState source);

        internal abstract void Release();

        private protected static torch.Tensor? Copy(torch.Tensor? old, torch.Tensor? source)
        {
            if (ReferenceEquals(old, source)) return old;
            old?.Dispose();
            return source?.clone().DetachFromDisposeScope();
        }
    }

    /// <summary>Parameters that share options.</summary>
    public class ParamGroup : torch.optim.ILearningRateController
    {
        public IEnumerable<Parameter> Parameters { get; set; } = [];

        public OptimizerOptions Options { get; set; } = null!;

        public double LearningRate
        {
            get => Options.LearningRate!.Value;
            set => Options.LearningRate = value;
        }

        public double InitialLearningRate
        {
            get => Options.InitialLearningRate;
            set => Options.InitialLearningRate = value;
        }
    }

    public class ParamGroup<TOptions> : ParamGroup where TOptions : OptimizerOptions
    {
        public ParamGroup()
        {
        }

        public ParamGroup(IEnumerable<Parameter> parameters, TOptions? options = null) => (Parameters, Options) = (parameters, options!);

        public new TOptions Options
        {
            get => (TOptions)base.Options;
            set => base.Options = value;
        }
    }

    /// <summary>What the optimisers written here share: states by parameter, and one multi-tensor update a group.</summary>
    public abstract class OptimizerHelper : torch.optim.Optimizer
    {
        private readonly Dictionary<Parameter, OptimizerState> _states = new(ReferenceEqualityComparer.Instance);

        private protected OptimizerState StateOf(Parameter parameter) => _states[parameter];

        private protected void Remember(Parameter parameter, OptimizerState state)
        {
            if (!_states.TryAdd(parameter, state)) throw new ArgumentException("a parameter appears twice: in one group, or in two");
        }

        private protected abstract void Update(ParamGroup group, Parameter[] parameters, torch.Tensor[] gradients);

        public override torch.Tensor? step(Func<torch.Tensor>? closure = null)
        {
            torch.Tensor? loss = null;
            if (closure is not null)
            {
                using var recorded = torch.enable_grad();
                loss = closure();
            }
            using var unrecorded = torch.no_grad();
            using var scope = torch.NewDisposeScope();
            foreach (var group in Groups)
            {
                List<Parameter> trained = [];
                List<torch.Tensor> gradients = [];
                foreach (var parameter in group.Parameters)
                {
                    if (parameter.grad is not { } gradient) continue;
                    trained.Add(parameter);
                    gradients.Add(gradient);
                }
                if (trained.Count > 0) Update(group, [.. trained], [.. gradients]);
            }
            return loss;
        }

        public virtual StateDictionary state_dict()
        {
            var dictionary = new StateDictionary();
            foreach (var group in Groups)
            {
                dictionary.Options.Add(group.Options);
                var positions = new List<int>();
                foreach (var parameter in group.Parameters)
                {
                    positions.Add(dictionary.State.Count);
                    dictionary.State.Add(_states[parameter]);
                }
                dictionary.StateIndexRef.Add(positions);
            }
            return dictionary;
        }

        /// <exception cref="ArgumentException">The dictionary has other numbers of groups or parameters.</exception>
        public virtual void load_state_dict(StateDictionary state_dict)
        {
            var own = this.state_dict();
            if (own.Options.Count != state_dict.Options.Count || own.State.Count != state_dict.State.Count)
                throw new ArgumentException(
                    $"optimiser state: {state_dict.Options.Count} groups and {state_dict.State.Count} parameters given; " +
                    $"this optimiser has {own.Options.Count} and {own.State.Count}");
            for (var i = 0; i < own.Options.Count; i++) own.Options[i].LoadStateDict(state_dict.Options[i]);
            for (var i = 0; i < own.State.Count; i++) own.State[i].LoadStateDict(state_dict.State[i]);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                foreach (var state in _states.Values) state.Release();
                _states.Clear();
            }
            base.Dispose(disposing);
        }
    }
}
