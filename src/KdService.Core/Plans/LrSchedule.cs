using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>The learning rate's factor over a stage; fractions are of the stage's steps, so a spec keeps its shape when epochs change.</summary>
[Union("name")]
public abstract record LrSchedule
{
    /// <summary>Epochs over which the rate first rises linearly from a tenth.</summary>
    [Field("Epochs over which the rate first rises linearly from a tenth of itself; the schedule runs on beneath.", Min = 0, Max = 1000)]
    public double WarmupEpochs { get; init; }

    /// <summary>The factor on the learning rate.</summary>
    /// <param name="step">Zero-based step of the stage.</param>
    /// <param name="stepsPerEpoch">Steps of one epoch.</param>
    /// <param name="epochs">Epochs of the stage.</param>
    public double Factor(long step, int stepsPerEpoch, int epochs)
    {
        var factor = Shape((double)step / ((long)stepsPerEpoch * epochs), (int)(step / stepsPerEpoch), epochs);
        var warmupSteps = WarmupEpochs * stepsPerEpoch;
        return step < warmupSteps ? factor * (0.1 + 0.9 * step / warmupSteps) : factor;
    }

    /// <summary>The factor without warm-up.</summary>
    /// <param name="progress">Fraction of the stage's steps done, in [0, 1).</param>
    /// <param name="epoch">Zero-based epoch.</param>
    /// <param name="epochs">Epochs of the stage.</param>
    protected abstract double Shape(double progress, int epoch, int epochs);
}

/// <summary>The same rate throughout.</summary>
[Case("constant", "The same rate throughout.")]
public sealed record Constant : LrSchedule
{
    /// <inheritdoc />
    protected override double Shape(double progress, int epoch, int epochs) => 1;
}

/// <summary>Drops at given fractions of the stage, taking effect at epoch boundaries.</summary>
[Case("multi_step", "Multiplied by gamma at each milestone, a fraction of the stage's epochs.")]
public sealed record MultiStep : LrSchedule
{
    /// <summary>Fractions of the stage's epochs.</summary>
    [Field("Where the rate drops: fractions of the stage's epochs, rounded down to an epoch.", Min = 0, Max = 1)]
    public IReadOnlyList<double> Milestones { get; init; } = [0.5, 0.75];

    /// <summary>The factor of one drop.</summary>
    [Field("The factor of one drop.", Min = 0, ExclusiveMin = true, Max = 1)]
    public double Gamma { get; init; } = 0.1;

    /// <inheritdoc />
    protected override double Shape(double progress, int epoch, int epochs) =>
        Math.Pow(Gamma, Milestones.Count(milestone => epoch >= (int)(milestone * epochs)));
}

/// <summary>Half a cosine from the full rate down to a fraction of it, step by step.</summary>
[Case("cosine", "Half a cosine, step by step, from the full rate to a fraction of it.")]
public sealed record Cosine : LrSchedule
{
    /// <summary>The fraction of the rate at the end.</summary>
    [Field("The fraction of the rate that is left at the end.", Min = 0, Max = 1)]
    public double Final { get; init; }

    /// <inheritdoc />
    protected override double Shape(double progress, int epoch, int epochs) =>
        Final + (1 - Final) * 0.5 * (1 + Math.Cos(Math.PI * progress));
}

/// <summary>Falls evenly from the full rate to nothing, step by step.</summary>
[Case("linear", "Falls evenly, step by step, from the full rate to nothing; with warm-up the schedule of BERT's fine-tuning.")]
public sealed record LinearDecay : LrSchedule
{
    /// <inheritdoc />
    protected override double Shape(double progress, int epoch, int epochs) => 1 - progress;
}
