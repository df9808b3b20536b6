using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>Makes auxiliary samples from a batch, on which the student is to agree with its teacher; as data.</summary>
[Union("name")]
public abstract record Augmenter
{
    /// <summary>The factor on the loss of the auxiliary samples.</summary>
    [Field("The factor on the loss of the auxiliary samples.", Min = 0, Max = 1_000_000, Evidence = "ours")]
    public double Weight { get; init; } = 1;

    /// <summary>Multiply-adds that a training sample costs on average, beside those of a stage without an augmenter; those of a backward pass to the inputs are as many as forward's, to the weights twice.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="stage">The stage that makes the samples.</param>
    public abstract double MultiplyAdds(Plan plan, Stage stage);

    /// <summary>Notes what the options' ranges cannot say: conditions on the data and the networks.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="stage">The stage that makes the samples.</param>
    /// <param name="pointer">JSON pointer to the augmenter, or to the method that chose it.</param>
    /// <param name="problems">Takes the problems.</param>
    public abstract void Check(Plan plan, Stage stage, string pointer, ProblemList problems);

    /// <summary>Multiply-adds of the student, and of those that it is to agree with, on one sample.</summary>
    private protected static (double Student, double Teachers) Networks(Plan plan, Stage stage) =>
        (plan.MultiplyAdds(stage.Trains), stage.Curriculum?.Sources.Sum(plan.MultiplyAdds) ?? plan.MultiplyAdds(plan.Teacher!.Id));
}
