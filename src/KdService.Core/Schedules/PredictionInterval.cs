using KdService.Core.Benchmarks;

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
        var half = StudentT.Quantile(0.05, values.Count - 1) * deviation * Math.Sqrt(1 + 1.0 / values.Count);
        return new PredictionInterval { Low = mean - half, High = mean + half, Mean = mean, Deviation = deviation, Runs = values.Count };
    }

    /// <summary>Whether a measurement lies outside; by more than the rounding of the mean, which equal measurements have nothing else to differ by.</summary>
    public bool Excludes(double value)
    {
        var rounding = 1e-12 * Math.Abs(Mean);
        return value < Low - rounding || value > High + rounding;
    }
}
