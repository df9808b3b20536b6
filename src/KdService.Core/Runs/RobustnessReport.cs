using KdService.Core.Datasets;
using KdService.Core.Plans.Robustness;

namespace KdService.Core.Runs;

/// <summary>What became of a network beyond the test set as it is.</summary>
public sealed record RobustnessReport
{
    /// <summary>Attacks, in the order of the evaluation.</summary>
    public IReadOnlyList<AttackReport> Attacks { get; init; } = [];

    /// <summary>Common corruptions; null unless asked for.</summary>
    public CorruptionsReport? Corruptions { get; init; }

    /// <summary>Other data, in the order of the evaluation.</summary>
    public IReadOnlyList<OtherDataReport> AlsoOn { get; init; } = [];

    /// <summary>A line for each attack, for all corruptions together, and for each other data set, as tables have them.</summary>
    public IEnumerable<RobustnessScore> Scores =>
    [
        .. Attacks.Select(attack => new RobustnessScore(attack.Label, attack.Accuracy) { Clean = attack.Clean, SuccessRate = attack.SuccessRate, Change = attack.MeanChange, Queries = attack.Queries, Warnings = attack.Warnings }),
        .. Corruptions is { } corrupted ? new[] { new RobustnessScore("corruptions", corrupted.Accuracy) { Clean = corrupted.Clean, Ece = corrupted.Ece } } : [],
        .. AlsoOn.Select(other => new RobustnessScore($"on {other.Dataset}", other.Result.Score) { Metric = other.Result.Metric, Agreement = other.Result.Agreement, Ece = other.Result.Ece }),
    ];
}

/// <summary>How a network stands one thing.</summary>
/// <param name="Name">An attack's label, <c>corruptions</c>, or <c>on</c> and the title of other data.</param>
/// <param name="Score">The <see cref="Metric"/>.</param>
public sealed record RobustnessScore(string Name, double Score)
{
    /// <summary>What the score is: accuracy, whatever the task is judged by; on other data the metric that they are judged by.</summary>
    public ScoreMetric Metric { get; init; }

    /// <summary>Accuracy on the samples that were attacked or corrupted, as they are; null on other data.</summary>
    public double? Clean { get; init; }

    /// <summary>Part of the attacked samples that the network came to err about; null of anything but an attack.</summary>
    public double? SuccessRate { get; init; }

    /// <summary>Mean change of the attacked samples, as <see cref="AttackReport.MeanChange"/>.</summary>
    public double? Change { get; init; }

    /// <summary>Mean queries of an attacked sample.</summary>
    public double? Queries { get; init; }

    /// <summary>Agreement with the teacher on other data; null without a teacher.</summary>
    public double? Agreement { get; init; }

    /// <summary>Expected calibration error; null of an attack.</summary>
    public double? Ece { get; init; }

    /// <summary>Why an attack's numbers may say nothing.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>What came of one attack.</summary>
public sealed record AttackReport
{
    /// <summary>The attack's <see cref="Attack.Label"/>.</summary>
    public required string Label { get; init; }

    /// <summary>The attack.</summary>
    public required Attack Attack { get; init; }

    /// <summary>Test samples looked at.</summary>
    public required int Samples { get; init; }

    /// <summary>Those of them that the network was right about, and that were attacked; the others are skipped.</summary>
    public required int Attacked { get; init; }

    /// <summary>Accuracy on the samples as they are, in [0, 1].</summary>
    public required double Clean { get; init; }

    /// <summary>Accuracy under attack, in [0, 1]: skipped samples count as wrong.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Part of the attacked samples that the network came to err about, <c>1 - accuracy / clean</c>; 0 where none was attacked.</summary>
    public required double SuccessRate { get; init; }

    /// <summary>Mean forward passes spent on an attacked sample, the one that saw it was right included; 0 where none was attacked.</summary>
    public required double Queries { get; init; }

    /// <summary>Mean change of the attacked samples: of pictures' values, as a part of their range; of texts the part of the words that were changed.</summary>
    public required double MeanChange { get; init; }

    /// <summary>Greatest change: of any value of the attacked pictures, as a part of its range; of texts the greatest part of the words.</summary>
    public required double MaxChange { get; init; }

    /// <summary>Why the numbers may say nothing about robustness, a sentence each.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The first texts that the network came to err about; none of pictures.</summary>
    public IReadOnlyList<AttackedText> Examples { get; init; } = [];
}

/// <summary>A text, and what an attack made of it.</summary>
/// <param name="Original">The text, or both of a pair.</param>
/// <param name="Changed">What became of it.</param>
/// <param name="Label">Its class, which the network saw.</param>
/// <param name="Answer">What the network says now.</param>
public sealed record AttackedText(IReadOnlyList<string> Original, IReadOnlyList<string> Changed, string Label, string Answer);

/// <summary>Results on data that the network was not trained on.</summary>
public sealed record OtherDataReport
{
    /// <summary>The data set's <see cref="Dataset.Title"/>.</summary>
    public required string Dataset { get; init; }

    /// <summary>The network's results; classes and labels that mean the same are one.</summary>
    public required EvaluationResult Result { get; init; }

    /// <summary>The teacher's; null without one.</summary>
    public EvaluationResult? Teacher { get; init; }
}

/// <summary>Accuracy and calibration on corrupted pictures.</summary>
public sealed record CorruptionsReport
{
    /// <summary>Test samples corrupted.</summary>
    public required int Samples { get; init; }

    /// <summary>Accuracy on them as they are, in [0, 1].</summary>
    public required double Clean { get; init; }

    /// <summary>Mean accuracy over all corruptions and severities, in [0, 1].</summary>
    public required double Accuracy { get; init; }

    /// <summary>Mean expected calibration error over all of them, in [0, 1].</summary>
    public required double Ece { get; init; }

    /// <summary>Each corruption at each severity.</summary>
    public required IReadOnlyList<CorruptionReport> Each { get; init; }
}

/// <summary>Results on pictures corrupted in one way.</summary>
/// <param name="Corruption">The corruption.</param>
/// <param name="Severity">How severe, from 1 to 5.</param>
/// <param name="Accuracy">Accuracy, in [0, 1].</param>
/// <param name="Nll">Mean negative log likelihood, in nats.</param>
/// <param name="Ece">Expected calibration error, in [0, 1].</param>
public sealed record CorruptionReport(Corruption Corruption, int Severity, double Accuracy, double Nll, double Ece);
