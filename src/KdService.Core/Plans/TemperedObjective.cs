using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>A loss between distributions softened by a temperature: both networks' logits are divided by it.</summary>
public abstract record TemperedObjective : Objective
{
    /// <summary>Temperature tau on both sets of logits.</summary>
    [Field("Temperature that divides both sets of logits.", Min = 0, ExclusiveMin = true, Max = 1000)]
    public double Temperature { get; init; } = 4;

    /// <summary>Whether what has the temperature is multiplied by tau^2.</summary>
    [Field("Multiply what has the temperature by the temperature's square, since its gradients scale with the inverse.")]
    public bool TemperatureSquared { get; init; } = true;

    /// <summary>Whether logits are standardised before the temperature divides them (Sun et al. 2024).</summary>
    [Field("Standardise each sample's logits, both networks', before the temperature divides them: z <- (z - mean) / (1e-7 + std), std unbiased.")]
    public bool Standardise { get; init; }

    /// <summary>The factor on what has the temperature: tau^2, or 1.</summary>
    public double GradientScale => TemperatureSquared ? Temperature * Temperature : 1;

    /// <inheritdoc />
    public override bool NeedsTeacher => true;
}
