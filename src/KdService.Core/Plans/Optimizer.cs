using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>How weights are updated.</summary>
[Union("name")]
public abstract record Optimizer
{
    /// <summary>The learning rate before the schedule's factor.</summary>
    public abstract double LearningRate { get; init; }
}

/// <summary>Stochastic gradient descent with momentum.</summary>
[Case("sgd", "Stochastic gradient descent with momentum.")]
public sealed record Sgd : Optimizer
{
    /// <inheritdoc />
    [Field("Learning rate before the schedule's factor.", Min = 0, ExclusiveMin = true, Max = 100)]
    public override double LearningRate { get; init; } = 0.1;

    /// <summary>Momentum.</summary>
    [Field("Momentum.", Min = 0, Max = 0.9999)]
    public double Momentum { get; init; } = 0.9;

    /// <summary>Nesterov's form of momentum.</summary>
    [Field("Nesterov's form of momentum.")]
    public bool Nesterov { get; init; }

    /// <summary>L2 penalty added to the gradient.</summary>
    [Field("L2 penalty, added to the gradient.", Min = 0, Max = 1)]
    public double WeightDecay { get; init; } = 1e-4;
}

/// <summary>Adam (Kingma and Ba, 2015).</summary>
[Case("adam", "Adam; weight decay is added to the gradient.")]
public sealed record Adam : Optimizer
{
    /// <inheritdoc />
    [Field("Learning rate before the schedule's factor.", Min = 0, ExclusiveMin = true, Max = 10)]
    public override double LearningRate { get; init; } = 1e-3;

    /// <summary>Decay of the first moment.</summary>
    [Field("Decay of the first moment.", Min = 0, Max = 0.999999)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    [Field("Decay of the second moment.", Min = 0, Max = 0.999999)]
    public double Beta2 { get; init; } = 0.999;

    /// <summary>L2 penalty added to the gradient.</summary>
    [Field("L2 penalty, added to the gradient.", Min = 0, Max = 1)]
    public double WeightDecay { get; init; }
}

/// <summary>AdamW (Loshchilov and Hutter, 2019).</summary>
[Case("adamw", "Adam with decoupled weight decay.")]
public sealed record AdamW : Optimizer
{
    /// <inheritdoc />
    [Field("Learning rate before the schedule's factor.", Min = 0, ExclusiveMin = true, Max = 10)]
    public override double LearningRate { get; init; } = 1e-3;

    /// <summary>Decay of the first moment.</summary>
    [Field("Decay of the first moment.", Min = 0, Max = 0.999999)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    [Field("Decay of the second moment.", Min = 0, Max = 0.999999)]
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Decoupled weight decay.</summary>
    [Field("Decoupled weight decay.", Min = 0, Max = 1)]
    public double WeightDecay { get; init; } = 0.01;
}
