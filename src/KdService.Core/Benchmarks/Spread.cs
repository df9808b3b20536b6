namespace KdService.Core.Benchmarks;

/// <summary>A quantity over seeds. The mean of nothing is not a number but absent, and one value has no deviation.</summary>
public sealed record Spread
{
    /// <summary>Values.</summary>
    public required int N { get; init; }

    /// <summary>Their mean.</summary>
    public required double Mean { get; init; }

    /// <summary>Sample standard deviation (divided by n - 1); null for one value.</summary>
    public double? Deviation { get; init; }

    /// <summary>Lower end of the mean's 95 % interval (Student's t); null for one value.</summary>
    public double? Low { get; init; }

    /// <summary>Upper end of the mean's 95 % interval.</summary>
    public double? High { get; init; }

    /// <summary>The spread of the values that are there; null if none is.</summary>
    public static Spread? Of(IEnumerable<double?> values)
    {
        var present = values.OfType<double>().ToList();
        if (present.Count == 0) return null;
        var mean = present.Average();
        if (present.Count == 1) return new Spread { N = 1, Mean = mean };
        var deviation = Math.Sqrt(present.Sum(value => (value - mean) * (value - mean)) / (present.Count - 1));
        var half = StudentT.Quantile(0.05, present.Count - 1) * deviation / Math.Sqrt(present.Count);
        return new Spread { N = present.Count, Mean = mean, Deviation = deviation, Low = mean - half, High = mean + half };
    }
}
