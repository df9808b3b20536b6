using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>Methods of one stage whose loss on features is added to cross-entropy with the labels, and to the softened outputs if asked.</summary>
public abstract record FeatureMethod : Method
{
    /// <summary>Weight of the loss on features.</summary>
    public abstract double FeatureWeight { get; init; }

    /// <summary>The features that are compared.</summary>
    [Field("The features that are compared, from the first layers to the last; the method's usual ones when left out.", MaxItems = 32, Evidence = "[read: RepDistiller, mdistiller]")]
    public IReadOnlyList<TapPair>? Layers { get; init; }

    /// <summary>Weight of the cross-entropy.</summary>
    [Field("Weight of the cross-entropy with the labels.", Min = 0, Max = 1_000_000, Evidence = "[read: RepDistiller, mdistiller]")]
    public double CeWeight { get; init; } = 1;

    /// <summary>Weight of the softened outputs' divergence.</summary>
    [Field("Weight of the divergence from the teacher's softened outputs, times the square of the temperature; 0 for none.", Min = 0, Max = 1_000_000, Evidence = "[read: RepDistiller's script] 0 in the tables' rows")]
    public double KdWeight { get; init; }

    /// <summary>Temperature of the softened outputs.</summary>
    [Field("Temperature of the softened outputs.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "[read: RepDistiller, mdistiller]")]
    public double KdTemperature { get; init; } = 4;

    /// <summary>The loss on features.</summary>
    protected abstract FeatureObjective Features { get; }

    /// <summary>Epochs over which the weight of the loss on features rises, of so many.</summary>
    protected virtual int FeatureWarmup(int epochs) => 0;

    /// <inheritdoc />
    public sealed override void Compile(PlanBuilder plan)
    {
        LossTerm[] losses =
        [
            new() { Weight = CeWeight, Objective = new CrossEntropy() },
            new() { Weight = FeatureWeight, Objective = Features, WarmupEpochs = FeatureWarmup(plan.Spec.Training.Epochs) },
            new() { Weight = KdWeight, Objective = new SoftTargets { Alpha = 1, Temperature = KdTemperature } },
        ];
        plan.Add(plan.NewStage("distil", PlanBuilder.Student, plan.Spec.Training.Epochs) with
        {
            Losses = [.. losses.Where(term => term.Weight > 0)],
            Curriculum = PlanBuilder.FromTeacher,
        });
    }
}
