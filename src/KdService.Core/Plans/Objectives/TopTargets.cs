using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>Targets of the teacher's likeliest classes: it has them as they are, the others share the rest evenly.</summary>
[Case("kd_topk", "Partial KD: the teacher's k largest probabilities, the rest spread evenly over the other classes.")]
public sealed record TopTargets : PartialTargets
{
    /// <summary>How many classes keep their probabilities.</summary>
    [Field("How many classes keep the teacher's probabilities; a quarter of them, rounded up, when left out.", Min = 1, Max = 1_000_000, Evidence = "ours; the paper's part of the classes was not found")]
    public int? TopK { get; init; }

    /// <summary>How many of a number of classes keep their probabilities.</summary>
    public int KeptOf(int classes) => TopK ?? (classes + 3) / 4;

    /// <inheritdoc />
    public override void Check(ObjectiveSetting setting, string pointer, ProblemList problems) =>
        problems.Require(KeptOf(setting.Dataset.Classes) <= setting.Dataset.Classes, $"{pointer}/top_k",
            $"{TopK} given; at most {setting.Dataset.Classes}, the classes of {setting.Dataset.Name}");
}
