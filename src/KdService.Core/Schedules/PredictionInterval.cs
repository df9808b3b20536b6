namespace KdService.Core.Schedules;

/// <summary>Where the next of some like measurements falls 95 times in a hundred, were they normally distributed.</summary>
public sealed record PredictionInterval
{
    /// <summary>What the interval is, for those who read reports.</summary>
    public const string Basis = "95 % prediction interval of one more run: mean ± t(0.975, n-1) · s · sqrt(1 + 1/n), from mean and deviation s of the n earlier runs that succeeded, the last 30 at most; none before there are 3";

    /// <summary>The fewest measurements that make an interval.</summary>
    public const int Fewest = 3;

    /// <summary>The most measurements that go into one.</summary>
    public const int Most = 30;

    /// <summary>Quantiles of Student's distribution at 0.975, for 2 to 29 degrees of freedom.</summary>
    private static readonly double[] StudentT =
    [
        4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045,
    ];

    /// <summary>Its lower end.</summary>
    public required double Low { get; init; }

    /// <summary>Its upper end.</summary>
    public required double High { get; init; }

    /// <summary>The mean of the earlier runs.</summary>
    public required double Mean { get; init; }

    /// <summary>Their standard deviation, with n - 1 in the denominator.</summary>
    public required double Deviation { get; init; }

    /// <summary>How many they are.</summary>
    public required int Runs { get; init; }

    /// <summary>The interval from earlier measurements, the latest first; null from too few.</summary>
    public static PredictionInterval? From(IEnumerable<double> earlier)
    {
        var values = earlier.Take(Most).ToList();
        if (values.Count < Fewest) return null;
        var mean = values.Average();
        var deviation = Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1));
        var half = StudentT[values.Count - Fewest] * deviation * Math.Sqrt(1 + 1.0 / values.Count);
        return new PredictionInterval { Low = mean - half, High = mean + half, Mean = mean, Deviation = deviation, Runs = values.Count };
    }

    /// <summary>Whether a measurement lies outside; by more than the rounding of the mean, which equal measurements have nothing else to differ by.</summary>
    public bool Excludes(double value)
    {
        var rounding = 1e-12 * Math.Abs(Mean);
        return value < Low - rounding || value > High + rounding;
    }
}
