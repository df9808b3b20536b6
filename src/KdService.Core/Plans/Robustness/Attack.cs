using KdService.Core.Datasets;
using KdService.Core.Schema;

namespace KdService.Core.Plans.Robustness;

/// <summary>
/// Changes test samples a little so that a trained network errs: what an adversary can do who knows its weights.
/// Run against the best epoch's weights; as data.
/// </summary>
[Union("name")]
public abstract record Attack
{
    /// <summary>How many test samples are attacked.</summary>
    [Field("Attack so many test samples, spread evenly over the test set; all where there are fewer. Those that the network is wrong about anyway are skipped.", Min = 1, Max = 1_000_000, Evidence = "ours")]
    public int Samples { get; init; } = 500;

    /// <summary>A short name that tells this attack from others of its evaluation; the column of a table.</summary>
    public abstract string Label { get; }

    /// <summary>What inputs it can change.</summary>
    public abstract InputKind Attacks { get; }

    /// <summary>About how many forward passes a sample costs, a backward pass counted as two; for estimates.</summary>
    public abstract double PassesPerSample(DataShape shape);

    /// <summary>Notes what the options' ranges cannot say, and data that cannot be attacked so.</summary>
    public virtual void Check(Dataset dataset, string pointer, ProblemList problems)
    {
        problems.Require(dataset.Shape.Kind == Attacks, pointer,
            $"{Union.Case(GetType()).Name} given, which attacks {Json.Naming.ConvertName($"{Attacks}")}; the inputs of {dataset.Name} are {dataset.Shape}");
        problems.Require(dataset.Shape.Target == Target.Class, pointer, $"given, but {dataset.Name} asks for no class; an attack makes a network err about classes");
    }
}
