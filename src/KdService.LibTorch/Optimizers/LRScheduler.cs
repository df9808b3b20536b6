namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        /// <summary>Learning rates over time. Every scheduler sets the rate of epoch 0 when it is made.</summary>
        public static partial class lr_scheduler
        {
            /// <summary>Sets the learning rate of each group of an optimiser, step by step.</summary>
            public abstract class LRScheduler
            {
                private readonly List<ILearningRateController> _groups;
                private protected List<double> _lastRates;
                internal int LastEpoch;

                private protected LRScheduler(Optimizer optimizer, int lastEpoch)
                {
                    ArgumentNullException.ThrowIfNull(optimizer);
                    Optimizer = optimizer;
                    LastEpoch = lastEpoch;
                    _groups = optimizer.ParamGroups.ToList();
                    BaseRates = _groups.ConvertAll(group => group.InitialLearningRate);
                    _lastRates = _groups.ConvertAll(group => group.LearningRate);
                }

                internal Optimizer Optimizer { get; }

                private protected IReadOnlyList<ILearningRateController> Groups => _groups;

                private protected IReadOnlyList<double> BaseRates { get; }

                public virtual void step() => step(null);

                /// <summary>Moves to the next epoch, or to the given one.</summary>
                public virtual void step(int? epoch)
                {
                    LastEpoch = epoch ?? LastEpoch + 1;
                    for (var i = 0; i < _groups.Count; i++)
                        _groups[i].LearningRate = _lastRates[i] = epoch is null ? Next(i) : Closed(i);
                }

                public IEnumerable<double> get_last_lr() => _lastRates;

                /// <summary>The rate of a group at <see cref="LastEpoch"/>, from its rate one epoch before.</summary>
                private protected abstract double Next(int group);

                /// <summary>The rate of a group at <see cref="LastEpoch"/>, from its initial rate.</summary>
                private protected virtual double Closed(int group) => Next(group);
            }

            /// <summary>base · f(epoch).</summary>
            private sealed class Lambda : LRScheduler
            {
                private readonly Func<int, double> _factor;

                internal Lambda(Optimizer optimizer, Func<int, double> factor, int lastEpoch) : base(optimizer, lastEpoch)
                {
                    _factor = factor;
                    step();
                }

                private protected override double Next(int group) => BaseRates[group] * _factor(LastEpoch);
            }

            /// <summary>Rates that are multiplied by something from epoch to epoch; and by its product, from the start.</summary>
            private sealed class Multiplying : LRScheduler
            {
                private readonly Func<int, double> _change;
                private readonly Func<int, double> _total;

                internal Multiplying(Optimizer optimizer, Func<int, double> change, Func<int, double> total, int lastEpoch) : base(optimizer, lastEpoch)
                {
                    (_change, _total) = (change, total);
                    step();
                }

                private protected override double Next(int group) => Groups[group].LearningRate * (LastEpoch == 0 ? _total(0) : _change(LastEpoch));

                private protected override double Closed(int group) => BaseRates[group] * _total(LastEpoch);
            }

            private sealed class CosineAnnealing : LRScheduler
            {
                private readonly double _period;
                private readonly double _lowest;

                internal CosineAnnealing(Optimizer optimizer, double period, double lowest, int lastEpoch) : base(optimizer, lastEpoch)
                {
                    (_period, _lowest) = (period, lowest);
                    step();
                }

                private protected override double Next(int group)
                {
                    var rate = Groups[group].LearningRate;
                    if (LastEpoch == 0) return rate;
                    // At the turning point the recurrence divides zero by zero.
                    if (Math.Abs((LastEpoch - 1 - _period) % (2 * _period)) < 1e-9)
                        return rate + (BaseRates[group] - _lowest) * (1 - Math.Cos(Math.PI / _period)) / 2;
                    return (1 + Math.Cos(Math.PI * LastEpoch / _period)) / (1 + Math.Cos(Math.PI * (LastEpoch - 1) / _period)) * (rate - _lowest) + _lowest;
                }

                private protected override double Closed(int group) =>
                    _lowest + (BaseRates[group] - _lowest) * (1 + Math.Cos(Math.PI * LastEpoch / _period)) / 2;
            }

            /// <summary>One scheduler after the other, each from its own epoch 0 at its milestone.</summary>
            private sealed class Sequence : LRScheduler
            {
                private readonly LRScheduler[] _schedulers;
                private readonly int[] _milestones;

                internal Sequence(Optimizer optimizer, IEnumerable<LRScheduler> schedulers, IEnumerable<int> milestones, int lastEpoch)
                    : base(optimizer, lastEpoch + 1)
                {
                    (_schedulers, _milestones) = (schedulers.ToArray(), milestones.ToArray());
                    if (_schedulers.Any(scheduler => !ReferenceEquals(scheduler.Optimizer, optimizer)))
                        throw new ArgumentException("SequentialLR: a scheduler belongs to another optimizer");
                    if (_milestones.Length != _schedulers.Length - 1)
                        throw new ArgumentException($"SequentialLR: {_schedulers.Length} schedulers and {_milestones.Length} milestones given; one milestone fewer than schedulers is needed");
                    foreach (var group in Groups) group.LearningRate = group.InitialLearningRate;
                    // Making a scheduler has already taken its first step.
                    foreach (var scheduler in _schedulers) scheduler.LastEpoch--;
                    _schedulers[0].step();
                    _lastRates = _schedulers[0].get_last_lr().ToList();
                }

                public override void step(int? epoch)
                {
                    LastEpoch = epoch ?? LastEpoch + 1;
                    var passed = _milestones.Count(milestone => milestone <= LastEpoch);
                    var starts = passed > 0 && _milestones[passed - 1] == LastEpoch;
                    _schedulers[passed].step(starts ? 0 : null);
                    _lastRates = _schedulers[passed].get_last_lr().ToList();
                }

                private protected override double Next(int group) => Groups[group].LearningRate;
            }

            public static LRScheduler LambdaLR(Optimizer optimizer, Func<int, double> lr_lambda, int last_epoch = -1, bool verbose = false) =>
                new Lambda(optimizer, lr_lambda, last_epoch);

            public static LRScheduler StepLR(Optimizer optimizer, int step_size, double gamma = 0.1, int last_epoch = -1, bool verbose = false) =>
                new Multiplying(optimizer, epoch => epoch % step_size == 0 ? gamma : 1, epoch => Math.Pow(gamma, epoch / step_size), last_epoch);

            public static LRScheduler MultiStepLR(Optimizer optimizer, IList<int> milestones, double gamma = 0.1, int last_epoch = -1, bool verbose = false) =>
                new Multiplying(optimizer, epoch => Math.Pow(gamma, milestones.Count(milestone => milestone == epoch)),
                    epoch => Math.Pow(gamma, milestones.Count(milestone => milestone <= epoch)), last_epoch);

            public static LRScheduler ExponentialLR(Optimizer optimizer, double gamma = 0.1, int last_epoch = -1, bool verbose = false) =>
                new Multiplying(optimizer, _ => gamma, epoch => Math.Pow(gamma, epoch), last_epoch);

            public static LRScheduler ConstantLR(Optimizer optimizer, double factor = 1.0 / 3, int total_iters = 5, int last_epoch = -1, bool verbose = false) =>
                new Multiplying(optimizer, epoch => epoch == total_iters ? 1 / factor : 1, epoch => epoch < total_iters ? factor : 1, last_epoch);

            public static LRScheduler LinearLR(Optimizer optimizer, double start_factor = 1.0 / 3, double end_factor = 1.0, int total_iters = 5,
                int last_epoch = -1, bool verbose = false) =>
                new Multiplying(optimizer,
                    epoch => epoch > total_iters ? 1 : 1 + (end_factor - start_factor) / (total_iters * start_factor + (epoch - 1) * (end_factor - start_factor)),
                    epoch => start_factor + (end_factor - start_factor) * Math.Min(total_iters, epoch) / total_iters, last_epoch);

            /// <summary>Loshchilov and Hutter 2017 (arXiv:1608.03983), equation 5, without restarts.</summary>
            public static LRScheduler CosineAnnealingLR(Optimizer optimizer, double T_max, double eta_min = 0, int last_epoch = -1, bool verbose = false) =>
                new CosineAnnealing(optimizer, T_max, eta_min, last_epoch);

            public static LRScheduler SequentialLR(Optimizer optimizer, IEnumerable<LRScheduler> schedulers, IEnumerable<int> milestones, int last_epoch = -1) =>
                new Sequence(optimizer, schedulers, milestones, last_epoch);
        }
    }
}
