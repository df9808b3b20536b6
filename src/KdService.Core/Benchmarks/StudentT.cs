namespace KdService.Core.Benchmarks;

/// <summary>Student's t distribution.</summary>
public static class StudentT
{
    private const double Tolerance = 1e-14;

    /// <summary>The probability that |t| is at least a value.</summary>
    /// <param name="t">The value.</param>
    /// <param name="freedom">Degrees of freedom, at least 1.</param>
    public static double TwoSided(double t, int freedom) =>
        IncompleteBeta(freedom / 2.0, 0.5, freedom / (freedom + t * t));

    /// <summary>The value that |t| exceeds with a probability.</summary>
    /// <param name="probability">In (0, 1), e.g. 0.05 for a 95 % interval.</param>
    /// <param name="freedom">Degrees of freedom, at least 1.</param>
    public static double Quantile(double probability, int freedom)
    {
        var (low, high) = (0.0, 1.0);
        while (TwoSided(high, freedom) > probability) (low, high) = (high, 2 * high);
        while (high - low > Tolerance * high)
        {
            var middle = low + (high - low) / 2;
            if (middle <= low || middle >= high) break;
            if (TwoSided(middle, freedom) > probability) low = middle;
            else high = middle;
        }
        return high;
    }

    /// <summary>I_x(a, b) by its continued fraction (Abramowitz and Stegun, 26.5.8), in Lentz's way.</summary>
    private static double IncompleteBeta(double a, double b, double x)
    {
        if (x is 0 or 1) return x;
        // The fraction converges fast below the mean; above it, the other tail is taken.
        if (x > (a + 1) / (a + b + 2)) return 1 - IncompleteBeta(b, a, 1 - x);
        var front = Math.Exp(a * Math.Log(x) + b * Math.Log(1 - x) + LogGamma(a + b) - LogGamma(a) - LogGamma(b)) / a;
        var (c, d) = (1.0, 1 / Away(1 - (a + b) * x / (a + 1)));
        var fraction = d;
        for (var m = 1; m <= 1000; m++)
        {
            var even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 / Away(1 + even * d);
            c = Away(1 + even / c);
            fraction *= c * d;
            var odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            d = 1 / Away(1 + odd * d);
            c = Away(1 + odd / c);
            fraction *= c * d;
            if (Math.Abs(c * d - 1) < Tolerance) break;
        }
        return front * fraction;
    }

    private static double Away(double value) => Math.Abs(value) < 1e-300 ? 1e-300 : value;

    /// <summary>The logarithm of the gamma function: Stirling's series, after the recurrence has led far enough up.</summary>
    private static double LogGamma(double x)
    {
        var shift = 0.0;
        for (; x < 10; x++) shift -= Math.Log(x);
        var square = 1 / (x * x);
        var series = (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square * (1.0 / 1680 - square / 1188)))) / x;
        return shift + (x - 0.5) * Math.Log(x) - x + 0.5 * Math.Log(2 * Math.PI) + series;
    }
}
