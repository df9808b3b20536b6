using KdService.Core.Jobs;
using TorchSharp.Modules;
using static TorchSharp.torch;
using Plans = KdService.Core.Plans;

namespace KdService.Distillation.Training;

/// <summary>Builds the optimisers of plans, and takes what they remember apart by name and puts it back.</summary>
internal static class Optimizers
{
    private const string Velocity = "momentum_buffer";
    private const string FirstMoment = "exp_avg";
    private const string SecondMoment = "exp_avg_sq";
    private const string Steps = "step";

    /// <summary>A fresh optimiser.</summary>
    /// <exception cref="RunException">This trainer does not know it.</exception>
    public static OptimizerHelper Create(Plans.Optimizer plan, IEnumerable<Parameter> parameters) => plan switch
    {
        Plans.Sgd sgd => optim.SGD(parameters, sgd.LearningRate, sgd.Momentum, weight_decay: sgd.WeightDecay, nesterov: sgd.Nesterov),
        Plans.Adam adam => optim.Adam(parameters, adam.LearningRate, adam.Beta1, adam.Beta2, weight_decay: adam.WeightDecay),
        Plans.AdamW adamW => optim.AdamW(parameters, adamW.LearningRate, adamW.Beta1, adamW.Beta2, weight_decay: adamW.WeightDecay),
        _ => throw new RunException(FailureCode.InvalidPlan, $"optimizer: {plan.GetType().Name} given; this trainer has no such optimiser"),
    };

    /// <summary>
    /// What an optimiser remembers, by <c>PARAMETER.NAME</c> with PyTorch's names; parameters count from 0 in their order. Velocities
    /// and moments are the optimiser's own tensors; the caller's dispose scope gets the step counts.
    /// </summary>
    public static Dictionary<string, Tensor> State(OptimizerHelper optimizer)
    {
        var state = new Dictionary<string, Tensor>();
        foreach (var (parameter, remembered) in optimizer.state_dict().State.Index())
        {
            switch (remembered)
            {
                case SGD.State sgd:
                    // Absent before the first step, and for ever without momentum.
                    if (sgd.momentum_buffer is { } velocity) state[$"{parameter}.{Velocity}"] = velocity;
                    break;
                case Adam.State adam:
                    Add(parameter, adam.step, adam.exp_avg, adam.exp_avg_sq);
                    break;
                case AdamW.State adamW:
                    Add(parameter, adamW.step, adamW.exp_avg, adamW.exp_avg_sq);
                    break;
            }
        }
        return state;

        void Add(int parameter, long step, Tensor first, Tensor second)
        {
            state[$"{parameter}.{Steps}"] = tensor(step);
            state[$"{parameter}.{FirstMoment}"] = first;
            state[$"{parameter}.{SecondMoment}"] = second;
        }
    }

    /// <summary>Puts back what <see cref="State"/> took from an optimiser of the same kind and parameters.</summary>
    /// <exception cref="RunException">A tensor that the optimiser needs is missing.</exception>
    public static void Restore(OptimizerHelper optimizer, IReadOnlyDictionary<string, Tensor> saved)
    {
        using var _ = no_grad();
        var device = optimizer.parameters().First().device;
        foreach (var (parameter, remembered) in optimizer.state_dict().State.Index())
        {
            switch (remembered)
            {
                case SGD.State sgd:
                    sgd.momentum_buffer = saved.TryGetValue($"{parameter}.{Velocity}", out var velocity) ? velocity.to(device, copy: true).DetachFromDisposeScope() : null;
                    break;
                case Adam.State adam:
                    adam.step = Take(parameter, Steps).item<long>();
                    adam.exp_avg.copy_(Take(parameter, FirstMoment));
                    adam.exp_avg_sq.copy_(Take(parameter, SecondMoment));
                    break;
                case AdamW.State adamW:
                    adamW.step = Take(parameter, Steps).item<long>();
                    adamW.exp_avg.copy_(Take(parameter, FirstMoment));
                    adamW.exp_avg_sq.copy_(Take(parameter, SecondMoment));
                    break;
            }
        }

        Tensor Take(int parameter, string name) => saved.GetValueOrDefault($"{parameter}.{name}")
            ?? throw new RunException(FailureCode.DataCorrupt, $"optimiser state: {parameter}.{name} is missing from the resume checkpoint");
    }
}
