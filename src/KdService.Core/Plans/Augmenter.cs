using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>Makes auxiliary samples from a batch, on which the student is to agree with its teacher; as data.</summary>
[Union("name")]
public abstract record Augmenter
{
    /// <summary>The factor on the loss of the auxiliary samples.</summary>
    [Field("The factor on the loss of the auxiliary samples.", Min = 0, Max = 1_000_000, Evidence = "ours")]
    public double Weight { get; init; } = 1;
}
