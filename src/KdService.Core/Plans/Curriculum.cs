namespace KdService.Core.Plans;

/// <summary>What the teacher shows at a given epoch.</summary>
public sealed record Curriculum
{
    /// <summary>The id of the network whose logits are the signal.</summary>
    public required string Source { get; init; }

    /// <summary>Further networks whose answers are averaged with the source's.</summary>
    public IReadOnlyList<string> With { get; init; } = [];

    /// <summary>What of several networks is averaged.</summary>
    public Averaging Averaging { get; init; }

    /// <summary>Which weights of the sources, when an earlier stage of this plan trained them.</summary>
    public WeightsOf Weights { get; init; } = WeightsOf.Best;

    /// <summary>
    /// For each epoch of the stage, the epoch of the source's own training whose checkpoint answers; null when the source has arrived
    /// where it is going.
    /// </summary>
    public IReadOnlyList<int>? Route { get; init; }

    /// <summary>Choose the next checkpoint of the source while the stage runs, by how much the student has learnt; null without.</summary>
    public GreedyRoute? Greedy { get; init; }

    /// <summary>
    /// Scale the logits by the annealing factor of Jafari et al. (2021), Phi(T) = 1 - (T-1)/max_temperature, with T falling from
    /// max_temperature to 1 over the stage in plateaus of equal length; null to show them as they are.
    /// </summary>
    public int? AnnealFrom { get; init; }

    /// <summary>All networks that answer.</summary>
    public IEnumerable<string> Sources => With.Prepend(Source);

    /// <summary>The epochs of the source's training whose checkpoints may answer; empty when it has arrived.</summary>
    public IEnumerable<int> Checkpoints => (Route ?? Greedy?.Anchors ?? []).Distinct();

    /// <summary>
    /// The factor on the teacher's logits in a zero-based epoch: min(1, (1 + floor(e / floor(n / tau))) / tau), which never
    /// exceeds 1 where tau does not divide n; 1 without annealing.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer epochs than annealing steps.</exception>
    public double LogitFactor(int epoch, int epochs)
    {
        if (AnnealFrom is not { } tau) return 1;
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, tau);
        return Math.Min(1, (1.0 + epoch / (epochs / tau)) / tau);
    }

    /// <summary>Name of the input that holds a checkpoint of a network's training.</summary>
    /// <param name="model">The network's id.</param>
    /// <param name="epoch">The epoch, from 1.</param>
    public static string InputOf(string model, int epoch) => FormattableString.Invariant($"{model}.epoch-{epoch:D4}");
}

/// <summary>What is averaged where several networks teach.</summary>
public enum Averaging
{
    /// <summary>Their logits.</summary>
    Logits,

    /// <summary>Their probabilities at temperature 1; the signal is the logarithm of the mean.</summary>
    Probabilities,
}

/// <summary>
/// Greedy search for anchors on the teacher's route (Jin et al. 2019): every so many epochs the student goes on to the furthest
/// anchor that is not much harder for it than the one it follows.
/// </summary>
public sealed record GreedyRoute
{
    /// <summary>Epochs of the teacher's training whose checkpoints are candidates, rising; the last is where it has arrived.</summary>
    public required IReadOnlyList<int> Anchors { get; init; }

    /// <summary>Epochs between choices.</summary>
    public required int EveryEpochs { get; init; }

    /// <summary>
    /// The furthest anchor c is chosen for which the student's divergence from the anchor it follows is at least this part of its
    /// divergence from c; the next one if there is none.
    /// </summary>
    public required double Threshold { get; init; }
}
