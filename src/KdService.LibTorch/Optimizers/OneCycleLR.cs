namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            public static class impl
            {
                /// <summary>Smith and Topin 2018 (arXiv:1708.07120): the rate rises and falls once, the momentum against it.</summary>
                public sealed class OneCycleLR : LRScheduler
                {
                    private readonly Phase[] _phases;
                    private readonly double _totalSteps;
                    private readonly AnnealStrategy _strategy;
                    private readonly bool _cycleMomentum;
                    private readonly double[] _rates;
                    private readonly double[] _momenta;

                    /// <exception cref="ArgumentException">The length of the cycle is not given, or the optimiser has no momentum to cycle.</exception>
                    public OneCycleLR(Optimizer optimizer, double max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1,
                        double pct_start = 0.3, AnnealStrategy anneal_strategy = AnnealStrategy.Cos, bool cycle_momentum = true,
                        double base_momentum = 0.85, double max_momentum = 0.95, double div_factor = 25, double final_div_factor = 1e4,
                        bool three_phase = false, int last_epoch = -1, bool verbose = false) : base(optimizer, last_epoch)
                    {
                        if (total_steps <= 0 && (epochs <= 0 || steps_per_epoch <= 0))
                            throw new ArgumentException("OneCycleLR: total_steps, or epochs and steps_per_epoch, have to be given and positive");
                        if (!(pct_start is >= 0 and <= 1)) throw new ArgumentException($"pct_start: {pct_start} given; a number from 0 to 1");
                        if (cycle_momentum && optimizer is not (IMomentum or IBetas))
                            throw new ArgumentException("cycle_momentum: the optimizer has neither momentum nor betas");
                        _totalSteps = total_steps > 0 ? total_steps : epochs * steps_per_epoch;
                        (_strategy, _cycleMomentum) = (anneal_strategy, cycle_momentum);
                        var initial = max_lr / div_factor;
                        _rates = [initial, max_lr, initial / final_div_factor];
                        _momenta = [max_momentum, base_momentum];
                        const int Initial = 0, Highest = 1, Lowest = 2, High = 0, Low = 1;
                        _phases = three_phase
                            ? [
                                new(pct_start * _totalSteps - 1, Initial, Highest, High, Low),
                                new(2 * pct_start * _totalSteps - 2, Highest, Initial, Low, High),
                                new(_totalSteps - 1, Initial, Lowest, High, High),
                            ]
                            : [
                                new(pct_start * _totalSteps - 1, Initial, Highest, High, Low),
                                new(_totalSteps - 1, Highest, Lowest, Low, High),
                            ];
                        step();
                    }

                    public enum AnnealStrategy
                    {
                        Cos,
                        Linear,
                    }

                    private sealed record Phase(double End, int FromRate, int ToRate, int FromMomentum, int ToMomentum);

                    private protected override double Next(int group)
                    {
                        if (LastEpoch > _totalSteps)
                            throw new InvalidOperationException($"OneCycleLR: step {LastEpoch} of a cycle of {_totalSteps}");
                        double start = 0;
                        foreach (var phase in _phases)
                        {
                            if (LastEpoch > phase.End && phase != _phases[^1])
                            {
                                start = phase.End;
                                continue;
                            }
                            var share = (LastEpoch - start) / (phase.End - start);
                            if (_cycleMomentum) SetMomentum(group, Between(_momenta[phase.FromMomentum], _momenta[phase.ToMomentum], share));
                            return Between(_rates[phase.FromRate], _rates[phase.ToRate], share);
                        }
                        throw new System.Diagnostics.UnreachableException();
                    }

                    private double Between(double start, double end, double share) => _strategy == AnnealStrategy.Cos
                        ? end + (start - end) / 2 * (Math.Cos(Math.PI * share) + 1)
                        : (end - start) * share + start;

                    private void SetMomentum(int group, double momentum)
                    {
                        if (Groups[group] is IMomentum withMomentum) withMomentum.Momentum = momentum;
                        else if (Groups[group] is IBetas withBetas) withBetas.Betas = (momentum, withBetas.Betas.Item2);
                    }
                }
            }

            public static LRScheduler OneCycleLR(Optimizer optimizer, double max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1,
                double pct_start = 0.3, impl.OneCycleLR.AnnealStrategy anneal_strategy = impl.OneCycleLR.AnnealStrategy.Cos, bool cycle_momentum = true,
                double base_momentum = 0.85, double max_momentum = 0.95, double div_factor = 25, double final_div_factor = 1e4,
                bool three_phase = false, int last_epoch = -1, bool verbose = false) =>
                new impl.OneCycleLR(optimizer, max_lr, total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy, cycle_momentum,
                    base_momentum, max_momentum, div_factor, final_div_factor, three_phase, last_epoch, verbose);
        }
    }
}
